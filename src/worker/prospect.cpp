#include "worker/prospect.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "common/descriptor.hpp"
#include "common/host.hpp"

namespace divvy::worker {

// Its thread may outlive who has asked.
struct Prospect::Lookup {
  Descriptor done{checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")};
  std::mutex mutex{};  // of these:
  std::optional<Endpoints> endpoints{};
  std::string failure{};

  void run(const Endpoints& names) {
    {
      const std::lock_guard lock(mutex);
      try {
        endpoints = located(names);
      } catch (const std::exception& error) {
        failure = error.what();
      }
    }
    const std::uint64_t one = 1;
    (void)!::write(done.get(), &one, sizeof one);
  }
};

Prospect::Prospect(Pipeline::Settings settings) : settings_(std::move(settings)) { ask(); }

void Prospect::ask() {
  ask_at_.reset();
  lookup_ = std::make_shared<Lookup>();
  std::thread([lookup = lookup_, names = settings_.endpoints] { lookup->run(names); }).detach();
}

void Prospect::add_to(EventLoop& loop) const {
  if (lookup_) loop.watch(lookup_->done.get());
  loop.wake_at(ask_at_);
}

std::optional<Pipeline::Settings> Prospect::found(Time now, const Log& log) {
  if (ask_at_ && *ask_at_ <= now) ask();
  std::uint64_t count = 0;
  if (!lookup_ || ::read(lookup_->done.get(), &count, sizeof count) < 0) return {};
  const auto lookup = std::exchange(lookup_, {});
  const std::lock_guard lock(lookup->mutex);
  if (!lookup->endpoints) {
    if (!std::exchange(told_, true)) log.info("waiting for " + lookup->failure);
    ask_again(now);
    return {};
  }
  Pipeline::Settings settings = settings_;
  settings.endpoints = *lookup->endpoints;
  return settings;
}

bool has_names(const Endpoints& endpoints) {
  const auto has_name = [](const std::string& endpoint) {
    if (endpoint.starts_with("ipc://")) return false;
    const auto host = HostPort::split(without_scheme(endpoint)).host;
    return !host.starts_with('[') &&
           host.find_first_not_of("0123456789.*") != std::string_view::npos;
  };
  return has_name(endpoints.tasks) || has_name(endpoints.results) || has_name(endpoints.feedback);
}

Endpoints located(const Endpoints& endpoints) {
  return {.tasks = with_address(endpoints.tasks, Use::connect),
          .results = with_address(endpoints.results, Use::connect),
          .feedback = with_address(endpoints.feedback, Use::connect)};
}

}  // namespace divvy::worker
