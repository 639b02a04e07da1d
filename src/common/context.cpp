#include "common/context.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "common/descriptor.hpp"
#include "divvy/protocol.hpp"

namespace divvy {
namespace {

// Where it cannot open a socket ZeroMQ ends the process, so there must be room for all of a
// program's.
constexpr std::uint64_t kFewestDescriptors = 48;

// The frames of a ZAP request.
enum Frame : std::size_t { kZapVersion, kRequest, kDomain, kAddress, kIdentity, kMechanism, kKey };
constexpr std::size_t kFrames = kKey + 1;

std::vector<zmq::message_t> receive_all(zmq::socket_t& socket) {
  std::vector<zmq::message_t> frames;
  zmq::message_t frame;
  while (socket.recv(frame, zmq::recv_flags::dontwait)) {
    const bool more = frame.more();
    frames.push_back(std::move(frame));
    if (!more) break;
  }
  return frames;
}

}  // namespace

Context::Context(const std::string& key_file) {
  if (!key_file.empty()) key_ = read_key(key_file);
  raise_descriptor_limit();
  if (descriptor_limit() < kFewestDescriptors) {
    throw std::runtime_error(
        fmt::format("{}; {} are needed", descriptor_limit_text(), kFewestDescriptors));
  }
  context_.set(zmq::ctxopt::max_sockets, context_.get(zmq::ctxopt::socket_limit));
  if (key_) open_zap();
}

void Context::ask(std::function<bool(std::string_view domain)> may_connect) {
  may_connect_ = std::move(may_connect);
  if (!zap_) open_zap();
}

void Context::open_zap() {
  zap_ = socket(zmq::socket_type::rep);
  zap_.set(zmq::sockopt::linger, 0);
  zap_.bind("inproc://zeromq.zap.01");
}

// ZeroMQ makes room for a frame as soon as it is announced, and keeps it, also where nobody will
// receive it.
zmq::socket_t Context::socket(zmq::socket_type type) {
  zmq::socket_t socket(context_, type);
  socket.set(zmq::sockopt::maxmsgsize, std::int64_t{kMaxCommandBytes});
  if (type == zmq::socket_type::push) socket.set(zmq::sockopt::rcvhwm, 1);
  return socket;
}

// With mechanisms that differ one of us has a key and the other one none.
const char* Context::mismatch(int event, int value) const {
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) return "it does not have the key, but another one";
  const bool one_has_a_key = value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH;
  if (key_)
    return one_has_a_key ? "it does not have the key" : "it does not have the key, or is no ZeroMQ";
  return one_has_a_key ? "it has a key, and this one has none: give both the same --key FILE"
                       : "it has a key, or is no ZeroMQ";
}

void Context::secure_to_bind(zmq::socket_t& socket) const {
  if (!key_) return;
  socket.set(zmq::sockopt::curve_server, true);
  socket.set(zmq::sockopt::curve_secretkey, zmq::buffer(key_->secret_half));
}

void Context::secure_to_connect(zmq::socket_t& socket) const {
  if (!key_) return;
  socket.set(zmq::sockopt::curve_serverkey, zmq::buffer(key_->public_half));
  socket.set(zmq::sockopt::curve_publickey, zmq::buffer(key_->public_half));
  socket.set(zmq::sockopt::curve_secretkey, zmq::buffer(key_->secret_half));
}

void Context::add_to(EventLoop& loop) {
  if (zap_) loop.watch(zap_);
}

bool Context::may_connect(const std::vector<zmq::message_t>& request) const {
  if (key_ && !has_our_key(request)) return false;
  const std::string_view domain = request.size() > kDomain ? request[kDomain].to_string_view() : "";
  return domain.empty() || (may_connect_ && may_connect_(domain));
}

bool Context::has_our_key(const std::vector<zmq::message_t>& request) const {
  if (request.size() != kFrames || request[kMechanism].to_string_view() != "CURVE") return false;
  const std::string_view own(key_->public_half.data(), key_->public_half.size());
  return request[kKey].to_string_view() == own;
}

void Context::authenticate() {
  if (!zap_) return;
  while (true) {
    const auto request = receive_all(zap_);
    if (request.empty()) return;
    const std::string_view id = request.size() > kRequest ? request[kRequest].to_string_view() : "";
    const std::string_view status = may_connect(request) ? "200" : "400";
    const std::array<std::string_view, 6> answer{"1.0", id, status, "", "", ""};
    for (std::size_t i = 0; i < answer.size(); ++i) {
      const auto more = i + 1 < answer.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
      zap_.send(zmq::buffer(answer[i]), more);
    }
  }
}

}  // namespace divvy
