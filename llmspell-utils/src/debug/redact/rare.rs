//! A first look at a text: does it hold three bytes in a row that every text with an anchor holds?

/// Letters by how often texts have them, the commonest first; what is not here is rarer than all of them.
const COMMON: &[u8] = b"etaoinshrdlcumwfgypbvkjxqz";

const TRIPLES: usize = 1 << 15;

/// For each anchor its rarest three bytes in a row, as one bit in a table.
///
/// Of each byte five bits count, so case does not, and some triples share a bit: the look may send a text on for
/// nothing, but lets none go that holds an anchor.
#[derive(Debug)]
pub(super) struct RareTriples {
    bits: Box<[u64; TRIPLES / 64]>,
    /// An anchor is so short that only the search finds it.
    all: bool,
}

const fn pushed(triple: usize, byte: u8) -> usize {
    ((triple << 5) | (byte & 0x1f) as usize) % TRIPLES
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |triple, byte| pushed(triple, *byte))
}

/// How common a triple is, by its letters.
fn commonness(bytes: &[u8]) -> usize {
    let rank = |byte: &u8| {
        let place = COMMON
            .iter()
            .position(|common| common.eq_ignore_ascii_case(byte));
        COMMON.len() - place.unwrap_or(COMMON.len())
    };
    bytes.iter().map(rank).sum()
}

impl RareTriples {
    pub(super) fn of(anchors: &[&str]) -> Self {
        let mut this = Self {
            bits: Box::new([0; TRIPLES / 64]),
            all: false,
        };
        for anchor in anchors.iter().map(|anchor| anchor.as_bytes()) {
            match anchor {
                // What stands behind it may be anything; at the end of a text no secret follows.
                [one, two] => {
                    for any in 0..32 {
                        this.set(number(&[*one, *two, any]));
                    }
                }
                [] | [_] => this.all = true,
                _ => {
                    let rarest = anchor.windows(3).min_by_key(|triple| commonness(triple));
                    this.set(number(rarest.unwrap_or_default()));
                }
            }
        }
        this
    }

    fn set(&mut self, triple: usize) {
        if let Some(bits) = self.bits.get_mut(triple / 64) {
            *bits |= 1 << (triple % 64);
        }
    }

    /// Whether the text may hold an anchor.
    #[inline]
    pub(super) fn any_in(&self, text: &[u8]) -> bool {
        let mut triple = 0;
        let hit = text.iter().any(|byte| {
            triple = pushed(triple, *byte);
            let bits = self.bits.get(triple / 64).copied().unwrap_or_default();
            (bits >> (triple % 64)) & 1 == 1
        });
        hit || self.all
    }
}
