//! The paths of a document as a tree of segments.

/// The routes below one place; a route is what `T` is.
///
/// Segments are compared as they were sent. A literal goes before a parameter, as OpenAPI says, and a parameter
/// takes any segment but an empty one.
#[derive(Debug)]
pub(super) struct Tree<T> {
    here: Option<T>,
    /// Sorted by segment.
    literals: Vec<(&'static str, Self)>,
    parameter: Option<Box<Self>>,
}

impl<T> Default for Tree<T> {
    fn default() -> Self {
        Self { here: None, literals: Vec::new(), parameter: None }
    }
}

impl<T> Tree<T> {
    /// The place of a template, to be filled.
    ///
    /// Templates that differ only in the names of their parameters have the same place.
    pub(super) fn place(&mut self, template: &'static str) -> &mut Option<T> {
        let mut tree = self;
        for segment in template.split('/') {
            tree = if is_parameter(segment) {
                &mut **tree.parameter.get_or_insert_default()
            } else {
                let found = tree.literals.binary_search_by(|(literal, _)| (*literal).cmp(segment));
                let index = found.unwrap_or_else(|index| {
                    tree.literals.insert(index, (segment, Self::default()));
                    index
                });
                &mut tree.literals[index].1
            };
        }
        &mut tree.here
    }

    /// The route of the path of a request.
    pub(super) fn find(&self, path: &str) -> Option<&T> {
        self.below(path.split('/'))
    }

    /// The depth of this recursion is that of the document's paths.
    fn below<'a>(&self, mut segments: impl Iterator<Item = &'a str> + Clone) -> Option<&T> {
        let Some(segment) = segments.next() else { return self.here.as_ref() };
        let literal = self.literals.binary_search_by(|(literal, _)| (*literal).cmp(segment));
        let of_literal = literal.ok().and_then(|index| self.literals[index].1.below(segments.clone()));
        let parameter = self.parameter.as_ref().filter(|_| !segment.is_empty());
        of_literal.or_else(|| parameter.and_then(|parameter| parameter.below(segments)))
    }
}

/// Whether a segment of a template is a parameter.
pub(super) fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(templates: &[&'static str]) -> Tree<&'static str> {
        let mut tree = Tree::default();
        for template in templates {
            *tree.place(template) = Some(*template);
        }
        tree
    }

    #[test]
    fn a_path_is_found_as_it_was_sent() {
        let tree = tree(&["/", "/health", "/health/", "/health/all", "/cache/{key}", "/queue/{name}/info"]);
        for (path, template) in [
            ("/", Some("/")),
            ("/health", Some("/health")),
            ("/health/", Some("/health/")),
            ("/health/all", Some("/health/all")),
            ("/cache/a", Some("/cache/{key}")),
            ("/cache/..", Some("/cache/{key}")),
            ("/cache/%2F", Some("/cache/{key}")),
            ("/queue/a/info", Some("/queue/{name}/info")),
            ("", None),
            ("*", None),
            ("//", None),
            ("health", None),
            ("/Health", None),
            ("/health//", None),
            ("/health/all/", None),
            ("/cache", None),
            ("/cache/", None),
            ("/cache/a/", None),
            ("/cache/{key}/b", None),
            ("/queue//info", None),
            ("/queue/a", None),
        ] {
            assert_eq!(tree.find(path).copied(), template, "{path:?}");
        }
    }

    #[test]
    fn a_literal_goes_before_a_parameter_and_leads_no_path_astray() {
        let tree = tree(&["/a/{b}", "/a/all", "/a/all/x", "/{c}/all/y"]);
        assert_eq!(tree.find("/a/all").copied(), Some("/a/all"));
        assert_eq!(tree.find("/a/other").copied(), Some("/a/{b}"));
        assert_eq!(tree.find("/a/all/x").copied(), Some("/a/all/x"));
        assert_eq!(
            tree.find("/a/all/y").copied(),
            Some("/{c}/all/y"),
            "the parameter is tried when the literal fails"
        );
    }

    #[test]
    fn templates_that_differ_in_names_alone_have_one_place() {
        let mut tree = tree(&["/a/{b}"]);
        assert_eq!(*tree.place("/a/{c}"), Some("/a/{b}"));
    }
}
