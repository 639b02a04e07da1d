// A pipeline that a worker cannot have yet, since the name of its host is not known.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/time.hpp"
#include "worker/pipeline.hpp"

namespace divvy::worker {

/// Asks for the name, in a thread, for a name server may take its time, and again every second. It
/// never keeps the caller waiting, nor this process from ending.
class Prospect {
 public:
  explicit Prospect(Pipeline::Settings settings);

  void add_to(EventLoop& loop) const;
  /// The settings, with addresses in place of names, once these are known. The user is told when
  /// they are waited for.
  std::optional<Pipeline::Settings> found(Time now, const Log& log);
  /// What was found is no good yet: it is asked again.
  void ask_again(Time now) { ask_at_ = now + kAskAgain; }
  [[nodiscard]] const std::string& label() const { return settings_.label; }

 private:
  static constexpr std::chrono::seconds kAskAgain{1};
  struct Lookup;

  void ask();

  Pipeline::Settings settings_;
  std::shared_ptr<Lookup> lookup_;  // none: nobody is asked just now
  std::optional<Time> ask_at_;
  bool told_ = false;
};

/// Whether the host of any of them has a name, which is to be looked up.
bool has_names(const Endpoints& endpoints);
/// The same endpoints with addresses in place of names. Throws UnknownHost.
Endpoints located(const Endpoints& endpoints);

}  // namespace divvy::worker
