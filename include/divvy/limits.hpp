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
/// In one message, and held by one worker.
inline constexpr std::uint64_t kMaxTasks = 1 << 20;

// --- what is kept for peers ---

inline constexpr std::size_t kMaxWorkers = 100'000;
/// Workers that were greeted and have not answered: it costs nothing to invent one.
inline constexpr std::size_t kMaxUnanswered = 1000;
/// Results whose batch was not announced yet.
inline constexpr std::size_t kMaxEarlyResults = 100'000;
inline constexpr std::size_t kMaxEarlyBytes = 256 << 20;

/// After so many messages a program turns to its other work before it reads more.
inline constexpr int kMessagesAtOnce = 1000;

}  // namespace divvy
