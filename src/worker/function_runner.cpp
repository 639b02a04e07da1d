#include "worker/function_runner.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <stdexcept>
#include <utility>

namespace divvy::worker {

FunctionRunner::FunctionRunner(Function function, std::uint32_t threads)
    : function_(std::move(function)),
      ended_event_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
  // Signals are for the thread that serves.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  try {
    for (; threads > 0; --threads) threads_.emplace_back([this] { run(); });
  } catch (...) {
    close();
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

FunctionRunner::~FunctionRunner() { close(); }

void FunctionRunner::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

Runner::NoRoom FunctionRunner::start(const Execution& execution, Time /*now*/) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({.key = execution.key, .text = std::string(execution.text)});
  }
  wake_.notify_one();
  return {};
}

std::vector<Ended> FunctionRunner::ended(Time /*now*/) {
  std::uint64_t count = 0;
  if (::read(ended_event_.get(), &count, sizeof count) < 0) return {};
  const std::lock_guard lock(mutex_);
  return std::exchange(ended_, {});
}

void FunctionRunner::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (closed_) return;
    const Call next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    Ended ended = call(next);
    lock.lock();
    ended_.push_back(std::move(ended));
    if (ended_.size() > 1) continue;  // the event is set already
    const std::uint64_t one = 1;
    (void)!::write(ended_event_.get(), &one, sizeof one);
  }
}

Ended FunctionRunner::call(const Call& call) const {
  Ended ended{.key = call.key, .outcome = Outcome::failed};
  try {
    std::string output = function_(call.text);
    if (output.size() > kMaxOutputBytes) throw std::length_error("its output is too long");
    ended.output = std::move(output);
    ended.outcome = Outcome::exited;
  } catch (const std::exception& error) {
    ended.reason = error.what();
  } catch (...) {
    ended.reason = "it threw what is no std::exception";
  }
  return ended;
}

}  // namespace divvy::worker
