//! Passwords: generated, never chosen.

use secrecy::SecretString;

use crate::error::Error;

/// Characters that need no quoting in SQL, shells, URLs and configuration files.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The length of every generated password: about 149 bits.
pub const LENGTH: usize = 25;

/// A new password from the system's random source.
///
/// # Errors
/// [`Error::Random`] when the system has no randomness to give.
pub(crate) fn generate() -> Result<SecretString, Error> {
    let mut password = String::with_capacity(LENGTH);
    let mut random = [0_u8; 64];
    while password.len() < LENGTH {
        getrandom::fill(&mut random).map_err(Error::Random)?;
        // 248 is the largest multiple of 62 in a byte: larger values are left out, so that all characters are equally
        // likely.
        let letters = random.iter().filter(|byte| **byte < 248);
        password.extend(
            letters
                .filter_map(|byte| ALPHABET.get(usize::from(*byte) % ALPHABET.len()))
                .map(|letter| char::from(*letter)),
        );
    }
    password.truncate(LENGTH);
    Ok(password.into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn passwords_have_25_plain_characters_and_differ() {
        let (first, second) = (generate().unwrap(), generate().unwrap());
        assert_eq!(first.expose_secret().len(), LENGTH);
        assert!(first.expose_secret().bytes().all(|byte| ALPHABET.contains(&byte)));
        assert_ne!(first.expose_secret(), second.expose_secret());
    }
}
