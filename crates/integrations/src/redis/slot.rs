//! The slot of a key (Redis Cluster specification, "Key distribution model").

/// How many slots there are.
pub(super) const COUNT: u16 = 16384;

/// The slot of `key`, which has no hash tag: a cache key may not contain a brace.
pub(super) fn of(key: &str) -> u16 {
    crc16(key.as_bytes()) % COUNT
}

/// CRC-16/XMODEM: polynomial 0x1021, initial value 0, nothing reflected.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, byte| {
        let [high, _low] = crc.to_be_bytes();
        (crc << 8) ^ TABLE[usize::from(high ^ byte)]
    })
}

const TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte: u16 = 0;
    while byte < 256 {
        let mut crc = byte << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
    }

    #[test]
    fn keys_have_the_slots_that_redis_gives_them() {
        // As `CLUSTER KEYSLOT` of Redis 7.0 answers.
        for (key, slot) in [("foo", 12182), ("bar", 5061), ("hello", 866), ("a", 15495)] {
            assert_eq!(of(key), slot, "{key}");
        }
    }
}
