//! How far a Go build is, read from the lines that `go` writes.

/// Counts what `go list` and `go build -v` report.
#[derive(Debug, Default)]
pub(super) struct Count {
    downloaded: usize,
    modules: usize,
    compiled: usize,
    packages: usize,
    main: String,
}

impl Count {
    /// `modules` is the largest number of modules that can be asked for, as `go.mod` lists them.
    pub(super) fn of_modules(modules: usize) -> Self {
        Self { modules, ..Self::default() }
    }

    /// `packages` are those that the binary is made of, as `go list -deps` gives them: the main one comes last.
    pub(super) fn of_packages(packages: &[String]) -> Self {
        Self {
            packages: packages.len(),
            main: packages.last().cloned().unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Take one line in; the answer says how far it is, or nothing when the line tells nothing about that.
    pub(super) fn line(&mut self, line: &str) -> Option<String> {
        if let Some(module) = line.strip_prefix("go: downloading ") {
            self.downloaded += 1;
            let module = module.split(' ').next().unwrap_or(module);
            let most = if self.modules >= self.downloaded {
                format!(" of at most {}", self.modules)
            } else {
                String::new()
            };
            return Some(format!("downloading module {}{most}: {module}", self.downloaded));
        }
        // With -v, a line that is one import path names a package that was compiled.
        if self.packages == 0 || line.is_empty() || line.contains(' ') || line.starts_with('#') {
            return None;
        }
        self.compiled += 1;
        if line == self.main {
            return Some("linking".into());
        }
        Some(format!("compiling package {} of {}: {line}", self.compiled, self.packages))
    }
}

/// The number of modules that a `go.mod` lists.
pub(super) fn modules_in(go_mod: &str) -> usize {
    go_mod
        .lines()
        .filter_map(|line| line.trim().strip_prefix("require ").or(Some(line.trim())))
        .filter(|line| line.split_whitespace().nth(1).is_some_and(|word| word.starts_with('v')))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn downloads_and_packages_are_counted_and_other_lines_are_not() {
        let mut count = Count::of_modules(2);
        assert_eq!(
            count.line("go: downloading a.org/b v1.0.0").as_deref(),
            Some("downloading module 1 of at most 2: a.org/b")
        );
        assert_eq!(count.line("a.org/b/c"), None);

        let packages = ["internal/abi", "a.org/b", "a.org/main"].map(str::to_owned);
        let mut count = Count::of_packages(&packages);
        assert_eq!(count.line("internal/abi").as_deref(), Some("compiling package 1 of 3: internal/abi"));
        assert_eq!(count.line("# a.org/b"), None);
        assert_eq!(count.line("./main.go:3:1: syntax error"), None);
        assert_eq!(count.line("a.org/b").as_deref(), Some("compiling package 2 of 3: a.org/b"));
        assert_eq!(count.line("a.org/main").as_deref(), Some("linking"));
    }

    #[test]
    fn the_modules_of_go_mod_are_counted_in_both_forms() {
        let go_mod =
            "module m\n\ngo 1.25\n\nrequire a.org/a v1.0.0\n\nrequire (\n\tb.org/b v0.1.0 // indirect\n)\n";
        assert_eq!(modules_in(go_mod), 2);
    }
}
