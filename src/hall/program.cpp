#include "hall/program.hpp"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>
#include <zmq.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <bit>
#include <stdexcept>
#include <utility>

#include "hall/help.hpp"

namespace divvy {

int exit_status(std::uint64_t failed) {
  return static_cast<int>(std::min<std::uint64_t>(failed, 101));
}

namespace {

std::string version(const std::string& program) {
  int major = 0;
  int minor = 0;
  int patch = 0;
  zmq_version(&major, &minor, &patch);
  return fmt::format("{} {} (libzmq {}.{}.{})", program, DIVVY_VERSION, major, minor, patch);
}

}  // namespace

void CommonOptions::add_to(CLI::App& app) {
  const std::string meeting = "Where to meet";
  app.add_option("--at", at, "HOST[:PORT] or ipc:///DIR")
      ->type_name("ADDRESS")
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

  const std::string general = "General";
  app.add_flag("-q,--quiet", quiet)->group(general);
  app.add_flag("-v,--verbose", verbose, "Say errors only; say what happens")->group(general);
  app.set_version_flag("--version", version(app.get_name()), "")->group(general);
  app.set_help_flag("-h,--help", "Print the version; print this")->group(general);
}

void CommonOptions::settle() {
  const Endpoints from_address = endpoints_at(at);
  const auto settle_one = [&](std::string& endpoint, const std::string& otherwise) {
    if (endpoint.empty()) endpoint = otherwise;
    admit(endpoint);
  };
  settle_one(endpoints.tasks, from_address.tasks);
  settle_one(endpoints.results, from_address.results);
  settle_one(endpoints.feedback, from_address.feedback);
}

void CommonOptions::admit(const std::string& endpoint) const {
  if (insecure || !key.empty() || is_private(endpoint)) return;
  throw std::invalid_argument(
      fmt::format("{} can be reached by others, and nothing protects it; use --key FILE (see "
                  "ventilator --make-key), or --insecure if they are friends",
                  endpoint));
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

int run_program(const Program& program, int argc, const char* const* argv,
                const std::function<int()>& body) {
  CLI::App app{program.description, program.name};
  program.add_options(app);
  lay_out_help(app, program.arguments);
  try {
    app.parse(argc, argv);
    return body();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    fmt::print(stderr, "{}: {} (see {} --help)\n", program.name,
               explain(app, program.arguments, error), program.name);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", program.name, error.what());
  }
  return kExitTrouble;
}

Notices::Notices(const std::string& program, const CommonOptions& options)
    : prefix_((::isatty(STDERR_FILENO) != 0 ? "\x1b[K" : "") + program),
      quiet_(options.quiet),
      verbose_(options.verbose) {}

void Notices::warn(std::string_view line) const {
  std::string printable(line);
  const auto control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
  std::replace_if(printable.begin(), printable.end(), control, '?');
  fmt::print(stderr, "{}: {}\n", prefix_, printable);
}

void Notices::tell(std::string_view line) const {
  if (!quiet_) warn(line);
}

void Notices::detail(std::string_view line) const {
  if (verbose_) warn(line);
}

void Notices::dropped(std::string_view what) {
  const std::uint64_t count = ++dropped_[std::string(what)];
  if (count == 1) {
    warn(fmt::format("dropped {}; more of the kind will be counted only", what));
  } else if (std::has_single_bit(count)) {
    detail(fmt::format("dropped {}, {} times so far", what, count));
  }
}

void Notices::seldom(const std::string& about, std::string_view line) {
  constexpr auto again = std::chrono::minutes(1);
  constexpr std::size_t most = 1000;  // strangers must not make it grow
  const Time now = Clock::now();
  if (told_.size() >= most) {
    std::erase_if(told_, [&](const auto& told) { return told.second + again <= now; });
  }
  if (told_.size() >= most) return;
  const auto [told, first] = told_.try_emplace(about, now);
  if (!first && told->second + again > now) return;
  told->second = now;
  warn(line);
}

std::uint64_t random_id() {
  std::uint64_t id = 0;
  while (id == 0) {
    if (::getrandom(&id, sizeof id, 0) != sizeof id) throw std::runtime_error("no random bits");
  }
  return id;
}

}  // namespace divvy
