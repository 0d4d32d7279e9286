//! Where what was built is kept: the folder for caches that the platform has for a user.
//!
//! ```text
//! <cache>/vault-1.21.1-<fingerprint>/vault        a finished build; the fingerprint is of its sources and recipe
//! <cache>/building/vault-1.21.1-<fingerprint>/    modules and objects of a build under way
//! <cache>/building/vault-1.21.1-<fingerprint>.discarded   the same after it has succeeded, while it is being deleted
//! <cache>/building/vault-1.21.1-<fingerprint>.log what the last build of it said
//! <cache>/building/vault-1.21.1-<fingerprint>.lock
//! ```

use std::path::PathBuf;

/// The folder for caches: `$XDG_CACHE_HOME/devstack`, else `~/Library/Caches/devstack` on macOS and
/// `~/.cache/devstack` elsewhere. `None` where neither variable names an absolute path.
pub(super) fn folder(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let absolute = |name| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
    let caches = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(usual)))?;
    Some(caches.join("devstack"))
}

/// Sixteen hexadecimal digits that change whenever a part or the order of the parts changes.
///
/// FNV-1a: unlike the standard library's hasher it never changes, and nobody gains by making two sources collide.
pub(super) fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let add = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = parts.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, part| {
        // The length keeps a part's end apart from the next one's beginning.
        let hash = part.len().to_le_bytes().iter().fold(hash, add);
        part.iter().fold(hash, add)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_or_missing_cache_variable_gives_way_to_the_home() {
        let env = |xdg: Option<&'static str>, home: Option<&'static str>| {
            folder(&move |name: &str| match name {
                "XDG_CACHE_HOME" => xdg.map(str::to_owned),
                "HOME" => home.map(str::to_owned),
                _ => None,
            })
        };
        assert_eq!(env(Some("/caches"), Some("/home/ann")), Some(PathBuf::from("/caches/devstack")));
        for xdg in [None, Some(""), Some("caches")] {
            let found = env(xdg, Some("/home/ann")).unwrap();
            assert!(found.starts_with("/home/ann") && found.ends_with("devstack"), "{}", found.display());
        }
        assert_eq!(env(None, None), None);
    }

    #[test]
    fn the_fingerprint_changes_with_content_order_and_split() {
        let of = |parts: &[&str]| fingerprint(parts.iter().map(|part| part.as_bytes()));
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        for other in [&["b", "a"][..], &["ab"], &["a", "b", ""], &["a", "c"]] {
            assert_ne!(of(&["a", "b"]), of(other), "{other:?}");
        }
    }
}
