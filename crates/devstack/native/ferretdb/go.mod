// Nothing is compiled from this module: it pins FerretDB's source, which is copied, changed (change.json) and built by
// its own go.mod and go.sum.
module devstack/ferretdb

go 1.24

require github.com/FerretDB/FerretDB v1.24.2
