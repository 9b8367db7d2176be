//! The bytes of a recording: its beginning, and the frame around each record.

use uuid::Uuid;

use super::record::RECORDING_VERSION;

/// What a recording begins with. The last two bytes show a transfer that took it for text.
pub(super) const MAGIC: [u8; 8] = *b"LLMREC\x1a\n";

/// How long the beginning is: magic, version, two bytes for later, the recording's id, and the checksum of these.
pub(super) const HEAD: usize = 8 + 2 + 2 + 16 + 4;

/// How long the beginning of a frame is: length and checksum.
pub(super) const FRAME_HEAD: usize = 8;

/// What the first frame of a segment has besides: the recording's id and the number of the record.
pub(super) const SEGMENT_HEAD: usize = 16 + 8;

/// In the length: with this frame a segment begins, so compression begins anew.
pub(super) const BEGINS_SEGMENT: u32 = 1 << 31;

/// The most bytes of a compressed record.
pub(super) const MOST_COMPRESSED: usize = 2 * 1024 * 1024;

/// The most bytes of a record as JSON.
pub(super) const MOST_JSON: usize = 1024 * 1024;

/// The beginning of a recording.
pub(super) fn head(id: Uuid) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    let parts = [
        &MAGIC[..],
        &RECORDING_VERSION.to_le_bytes(),
        &[0; 2],
        id.as_bytes(),
    ];
    fill(&mut head, &parts);
    let checksum = crc32fast::hash(head.get(..HEAD - 4).unwrap_or_default()).to_le_bytes();
    if let Some(end) = head.last_chunk_mut::<4>() {
        *end = checksum;
    }
    head
}

fn fill(target: &mut [u8], parts: &[&[u8]]) {
    let bytes = parts.iter().copied().flatten();
    for (target, byte) in target.iter_mut().zip(bytes) {
        *target = *byte;
    }
}

/// What the beginning of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    Recording(Uuid),
    LaterVersion(u16),
    Unknown,
}

pub(super) fn read_head(head: &[u8; HEAD]) -> Head {
    let (content, checksum) = head.split_at(HEAD - 4);
    if !content.starts_with(&MAGIC) || crc32fast::hash(content).to_le_bytes() != checksum {
        return Head::Unknown;
    }
    let version = u16::from_le_bytes([
        content.get(8).copied().unwrap_or_default(),
        content.get(9).copied().unwrap_or_default(),
    ]);
    let id = content.get(12..28).and_then(|id| Uuid::from_slice(id).ok());
    match id {
        _ if version != RECORDING_VERSION => Head::LaterVersion(version),
        Some(id) => Head::Recording(id),
        None => Head::Unknown,
    }
}

/// The checksum of a frame: of what stands in it, of the recording it belongs to, and of its place there.
pub(super) fn checksum(length: u32, id: Uuid, seq: u64, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(id.as_bytes());
    hasher.update(&seq.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}
