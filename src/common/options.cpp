#include "common/options.hpp"

#include <fmt/format.h>
#include <zmq.h>

#include <CLI/CLI.hpp>
#include <stdexcept>
#include <utility>

#include "common/cores.hpp"
#include "common/duration.hpp"

namespace divvy {
namespace {

std::string version(const std::string& program) {
  int major = 0;
  int minor = 0;
  int patch = 0;
  zmq_version(&major, &minor, &patch);
  return fmt::format("{} {} (libzmq {}.{}.{})", program, DIVVY_VERSION, major, minor, patch);
}

}  // namespace

std::string_view program_version() { return DIVVY_VERSION; }

void CommonOptions::add_to(CLI::App& app) {
  const std::string meeting = "Where to meet";
  app.add_option("--at", at, "HOST[:PORT] or ipc:///DIR")
      ->type_name("ADDRESS")
      ->expected(1)
      ->allow_extra_args(false)
      ->default_str(std::string(HostPort::split(kDefaultAddress).host))
      ->group(meeting);
  const auto endpoint = [&](const char* name, std::string& value) {
    return app.add_option(name, value)->type_name("")->check(endpoint_check())->group(meeting);
  };
  endpoint("--tasks", endpoints.tasks);
  endpoint("--results", endpoints.results);
  endpoint("--feedback", endpoints.feedback)
      ->type_name("ENDPOINT")
      ->description("One of the three elsewhere");
  app.add_option("--key", key, "Encrypt; let in only those who have it")
      ->type_name("FILE")
      ->group(meeting);
  app.add_flag("--insecure", insecure, "Allow addresses that others can reach")->group(meeting);
  add_general_to(app);
}

void CommonOptions::add_general_to(CLI::App& app) {
  const std::string general = "General";
  app.add_flag_function("-q,--quiet",
                        [this](std::int64_t times) {
                          quiet = times > 0;
                          silent = times > 1;
                        })
      ->group(general);
  app.add_flag("-v,--verbose", verbose, "Say errors only (-qq: not of tasks); say more")
      ->group(general);
  app.set_version_flag("--version", version(app.get_name()), "")->group(general);
  app.set_help_flag("-h,--help", "Print the version; print this")->group(general);
}

void CommonOptions::complete() {
  const Endpoints from_address = endpoints_at(at.front());
  if (endpoints.tasks.empty()) endpoints.tasks = from_address.tasks;
  if (endpoints.results.empty()) endpoints.results = from_address.results;
  if (endpoints.feedback.empty()) endpoints.feedback = from_address.feedback;
}

void CommonOptions::resolve(const std::string& program, const Uses& uses) {
  complete();
  endpoints = with_addresses(endpoints, uses, Log(program, verbosity()));
  if (uses.tasks != Use::none) require_private(endpoints.tasks, is_protected());
  if (uses.results != Use::none) require_private(endpoints.results, is_protected());
  if (uses.feedback != Use::none) require_private(endpoints.feedback, is_protected());
}

CLI::Validator endpoint_check() {
  const auto check = [](const std::string& value) -> std::string {
    try {
      check_endpoint(value);
      return {};
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  };
  return {check, ""};
}

void add_lanes(CLI::App& app, std::string& ports, const std::string& description) {
  const auto check = [](const std::string& value) -> std::string {
    constexpr int most = 10'000;
    const PortRange range = port_range(value);
    if (range.first > 0 && range.count() <= most) return {};
    return fmt::format("'{}' is no range of up to {} ports, such as 6000-6099", value, most);
  };
  app.add_option("--lanes", ports, description)
      ->type_name("FIRST-LAST")
      ->check(CLI::Validator(check, ""))
      ->group("Where to meet");
}

std::optional<PortRange> lanes_beside(const std::string& feedback, const std::string& ports) {
  if (ports.empty()) return {};
  if (feedback.starts_with("ipc://")) {
    throw std::invalid_argument(fmt::format(
        "--lanes are ports, and {} has none; leave --lanes out, or give --at HOST", feedback));
  }
  return port_range(ports);
}

std::string size_text(std::uint64_t bytes) {
  for (const auto& [shift, unit] : {std::pair(30, 'g'), {20, 'm'}, {10, 'k'}}) {
    if (bytes > 0 && bytes % (std::uint64_t{1} << shift) == 0) {
      return fmt::format("{}{}", bytes >> shift, unit);
    }
  }
  return fmt::format("{}", bytes);
}

CLI::Validator size_between(std::uint64_t least, std::uint64_t most) {
  const auto read = [=](std::string& value) -> std::string {
    std::string bytes = value;
    try {
      CLI::AsSizeValue{false}(bytes);
      const std::uint64_t number = std::stoull(bytes);
      if (least <= number && number <= most) {
        value = bytes;
        return {};
      }
    } catch (const std::exception&) {
    }
    return fmt::format("'{}' is no number of bytes from {} to {}, such as 4096, 64k or 10m", value,
                       least, most);
  };
  return {read, ""};
}

CLI::Validator slots_up_to(std::uint32_t most) {
  const auto read = [=](std::string& value) -> std::string {
    const auto slots = parse_slots(value, cores());
    if (slots && *slots <= most) {
      value = std::to_string(*slots);
      return {};
    }
    return fmt::format(
        "'{}' is no number of tasks at once from 1 to {}, such as 4, 50% (of the cores), +1 or -1 "
        "(more or fewer than there are)",
        value, most);
  };
  return {read, ""};
}

CLI::Validator duration_between(double least, double most) {
  const auto read = [=](std::string& value) -> std::string {
    const auto seconds = parse_seconds(value);
    if (!seconds || *seconds < least || *seconds > most) {
      return fmt::format("'{}' is no time from {} to {} seconds, such as 90, 1.5, 250ms, 5m or 2h",
                         value, least, most);
    }
    value = fmt::format("{}", *seconds);
    return {};
  };
  return {read, ""};
}

}  // namespace divvy
