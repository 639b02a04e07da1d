// The most that a peer can bring. What is beyond is dropped and counted, a longer frame closes its
// connection; see "Limits" in docs/protocol.md.
#pragma once

#include <cstddef>
#include <cstdint>

namespace divvy {

// --- frames, by the line on which they travel ---

/// Where nothing but ZeroMQ's own commands is expected.
inline constexpr std::uint32_t kMaxCommandBytes = 64 << 10;
/// Several tasks' texts.
inline constexpr std::uint32_t kMaxLaneBytes = 256 << 20;
/// Presence and receipts.
inline constexpr std::uint32_t kMaxFeedbackBytes = 64 << 20;
/// Room for a task's text and the 100 MiB that it may print to each of two streams.
inline constexpr std::uint32_t kMaxResultsBytes = 256 << 20;
/// Of each connection: then it waits.
inline constexpr int kMaxUnreadFrames = 100;

// --- values ---

inline constexpr std::size_t kMaxTextBytes = 32 << 20;
/// Of each of a task's two streams.
inline constexpr std::size_t kMaxOutputBytes = 100 << 20;
/// The guide's tasks are numbers; a worker with a command takes other texts, too.
inline constexpr std::size_t kMaxPlainBytes = 16 << 10;
inline constexpr std::size_t kMaxNameBytes = 1024;
inline constexpr std::size_t kMaxEndpointBytes = 512;
inline constexpr std::uint32_t kMaxSlots = 100'000;
/// 146 years; also the latest point in time, which is in 2116.
inline constexpr std::int64_t kMaxNanoseconds = std::int64_t{1} << 62;
/// In one message, and held by one worker.
inline constexpr std::uint64_t kMaxTasks = 1 << 20;

// --- what is kept for peers ---

/// Tasks that workers say to hold, beyond what this ventilator gave to them.
inline constexpr std::uint64_t kMaxClaimed = 1 << 20;
inline constexpr std::size_t kMaxWorkers = 100'000;
/// Workers that were greeted and have not answered: it costs nothing to invent one.
inline constexpr std::size_t kMaxUnanswered = 1000;

}  // namespace divvy
