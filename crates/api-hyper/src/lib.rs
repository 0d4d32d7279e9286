//! No framework: the contract is interpreted when the server starts.
