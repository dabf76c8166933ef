//! Bounds of everything that is received. Authors split what would exceed them.

/// A commit's core and detached values together. Big enough for a day's visit with notes, small enough for one retry on
/// a bad link.
pub const COMMIT_BYTES_MAX: usize = 128 * 1024;
/// Ops of one commit; the longest checklist set list of one category has under 150 items.
pub const COMMIT_OPS_MAX: usize = 2_000;
/// Ops that one op may replace. More live values of one field than officers in a brigade group is an attack.
pub const OVER_MAX: usize = 64;
/// One detached value: a note, a signature as vectors.
pub const DETACHED_BYTES_MAX: usize = 64 * 1024;
/// A packet as it travels.
pub const PACKET_BYTES_MAX: usize = 256 * 1024;
/// A packet in which something was erased: its signature covers the whole run, so it cannot be split, and the salts that
/// erasing leaves do not compress.
pub const PACKET_ERASED_BYTES_MAX: usize = 1024 * 1024;
/// What erasing adds at most for each detached value of a commit: a salt or a hash, and what stands around it.
pub const ERASED_VALUE_BYTES: usize = 36;
/// Detached values of one packet as our phones make them: far more than a packet of real work holds, and still room to
/// erase each of them.
pub const PACKET_VALUES_MAX: usize = 16_000;
/// A packet after unpacking: bounds what a decompression bomb can make us allocate.
pub const PACKET_UNPACKED_MAX: usize = 4 * 1024 * 1024;
/// Commits of one packet; each costs a header hash, so this bounds the work before the signature is checked.
pub const PACKET_COMMITS_MAX: usize = 4_096;
/// Packets of one sync request: 16 full packets are 4 MiB. Answers are bounded by bytes alone.
pub const PACKETS_PER_SYNC_MAX: usize = 16;
/// A field name; the longest is an item id after `a/` or an officer id after `m/`.
pub const FIELD_NAME_BYTES_MAX: usize = 64;
/// Nesting of one value; ours use two.
pub const VALUE_DEPTH_MAX: usize = 6;
/// Body of one sync request: the packets and their small change.
pub const SYNC_BODY_BYTES_MAX: usize = PACKETS_PER_SYNC_MAX * PACKET_BYTES_MAX + 256 * 1024;
