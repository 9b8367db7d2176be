//! Reads the few parts of ASN.1 in its distinguished encoding that keys and certificates need.

/// `SEQUENCE`.
pub(super) const SEQUENCE: u8 = 0x30;
/// `INTEGER`.
pub(super) const INTEGER: u8 = 0x02;
/// `BIT STRING`.
pub(super) const BIT_STRING: u8 = 0x03;
/// `OBJECT IDENTIFIER`.
pub(super) const IDENTIFIER: u8 = 0x06;
/// The first explicitly tagged element of a structure.
pub(super) const CONTEXT_0: u8 = 0xa0;

/// What is left of an encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reader<'input>(&'input [u8]);

impl<'input> Reader<'input> {
    pub(super) const fn new(input: &'input [u8]) -> Self {
        Self(input)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the next element if it has this tag; `None` if it has another one or is cut short.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'input [u8]> {
        let (found, content, rest) = element(self.0)?;
        if found != tag {
            return None;
        }
        self.0 = rest;
        Some(content)
    }

    /// Takes the next element whatever it is, with its tag and length.
    pub(super) fn take_whole(&mut self) -> Option<&'input [u8]> {
        let (_, _, rest) = element(self.0)?;
        let length = self.0.len() - rest.len();
        let whole = self.0.get(..length);
        self.0 = rest;
        whole
    }

    /// Takes the next element, which has to be a sequence.
    pub(super) fn sequence(&mut self) -> Option<Self> {
        self.take(SEQUENCE).map(Self)
    }

    /// Takes the next element, which has to be an integer without sign; leading zeros are left out.
    pub(super) fn unsigned(&mut self) -> Option<&'input [u8]> {
        let bytes = self.take(INTEGER)?;
        if bytes.first().is_none_or(|first| first & 0x80 != 0) {
            return None;
        }
        Some(without_leading_zeros(bytes))
    }

    /// Takes the next element, which has to be a bit string of whole bytes.
    pub(super) fn bits(&mut self) -> Option<&'input [u8]> {
        match self.take(BIT_STRING)?.split_first()? {
            (0, bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// The bytes of a number without those in front that add nothing.
pub(super) fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// The tag and content of the first element, and what follows it.
fn element(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, input) = input.split_first()?;
    let (first, input) = input.split_first()?;
    let (length, input) = if first & 0x80 == 0 {
        (usize::from(*first), input)
    } else {
        let digits = usize::from(first & 0x7f);
        // Four digits are four gigabytes; no digits would be a length that the end tells.
        if digits == 0 || digits > 4 {
            return None;
        }
        let (digits, input) = input.split_at_checked(digits)?;
        let length = digits
            .iter()
            .fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
        (length, input)
    };
    let (content, rest) = input.split_at_checked(length)?;
    Some((*tag, content, rest))
}
