#include <csv.h>
#include <fmt/format.h>

#include <new>
#include <stdexcept>
#include <utility>

#include "common/plural.hpp"
#include "common/words.hpp"
#include "ventilator/files.hpp"
#include "ventilator/input.hpp"
#include "ventilator/rules/header.hpp"

namespace divvy::ventilator {
namespace {

using Values = std::vector<std::string>;

// By how many bytes the room for a field grows: a long one is copied each time.
constexpr std::size_t kMoreForField = 64 << 10;

// Reads records piece by piece.
class Parser {
 public:
  Parser() {
    if (csv_init(&csv_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
    csv_set_blk_size(&csv_, kMoreForField);
    // Blanks are part of a field.
    csv_set_space_func(&csv_, [](unsigned char) { return 0; });
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { csv_free(&csv_); }

  /// The records that end in it; false if it has quotes where none may be.
  bool parse(std::string_view bytes) {
    const bool parsed =
        csv_parse(&csv_, bytes.data(), bytes.size(), add_field, end_record, this) == bytes.size();
    if (!parsed && csv_error(&csv_) != CSV_EPARSE) throw std::bad_alloc();
    return parsed;
  }
  /// The record that no line end follows; false if a quote is not closed.
  bool finish() { return csv_fini(&csv_, add_field, end_record, this) == 0; }
  std::vector<Values> take_records() { return std::exchange(records_, {}); }

  [[nodiscard]] bool in_quotes() const { return csv_.quoted != 0; }
  /// Bytes of the record that has not ended; also whether there is one.
  [[nodiscard]] std::size_t begun_bytes() const { return begun_bytes_ + csv_.entry_pos; }
  [[nodiscard]] bool in_record() const {
    return !begun_.empty() || csv_.entry_pos > 0 || in_quotes();
  }

 private:
  static void add_field(void* bytes, std::size_t size, void* self) {
    auto& parser = *static_cast<Parser*>(self);
    parser.begun_.emplace_back(static_cast<const char*>(bytes), size);
    parser.begun_bytes_ += size + 1;
  }

  static void end_record(int /*line_end*/, void* self) {
    auto& parser = *static_cast<Parser*>(self);
    parser.records_.push_back(std::exchange(parser.begun_, {}));
    parser.begun_bytes_ = 0;
  }

  csv_parser csv_{};
  Values begun_;
  std::size_t begun_bytes_ = 0;  // with a separator each
  std::vector<Values> records_;
};

// Drops a byte order mark, which may come in pieces.
class WithoutMark {
 public:
  void begin_file() { seen_ = 0; }

  /// The bytes to go on with instead of these.
  std::string_view operator()(std::string_view bytes) {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    while (seen_ < mark.size() && !bytes.empty()) {
      if (bytes.front() != mark[seen_]) {
        held_ = std::string(mark.substr(0, std::exchange(seen_, mark.size())));
        held_ += bytes;
        return held_;
      }
      ++seen_;
      bytes.remove_prefix(1);
    }
    return bytes;
  }

 private:
  std::size_t seen_ = 0;  // bytes of it; all: it is over
  std::string held_;
};

class Records : public Input {
 public:
  Records(std::vector<std::string> paths, const CsvRules& rules)
      : rules_(rules), header_(rules.header), files_(std::move(paths)) {}

  void read(const Take& take) override {
    switch (files_.read()) {
      case Files::Read::nothing:
        return;
      case Files::Read::bytes:
        return split(without_mark_(files_.bytes()), take);
      case Files::Read::end:
        return end_file(take);
    }
  }

  [[nodiscard]] bool ended() const override { return files_.ended(); }
  [[nodiscard]] std::optional<int> fd() const override { return files_.fd(); }
  [[nodiscard]] TextForm form() const override { return TextForm::words; }
  [[nodiscard]] std::string_view header() const override { return header_.text(); }
  [[nodiscard]] std::string remark() const override {
    if (skipped_ == 0) return {};
    return "skipped " + plural(skipped_, "empty line");
  }

 private:
  // Line by line, for the parser does not tell where it is.
  void split(std::string_view block, const Take& take) {
    while (!block.empty()) {
      const std::string_view line =
          block.substr(0, std::min(block.find('\n'), block.size() - 1) + 1);
      block.remove_prefix(line.size());
      if (!parser_.in_record()) record_line_ = line_;
      if (!parser_.parse(line)) {
        refuse(line_, "a quote is out of place; a field that has one is in quotes, and doubles it");
      }
      take_records(take);
      note(line);
    }
    if (parser_.begun_bytes() > rules_.max_bytes) refuse_length();
  }

  // A line, or a part of it, is over.
  void note(std::string_view line) {
    empty_ = empty_ && line.find_first_not_of("\r\n") == std::string_view::npos;
    if (!line.ends_with('\n')) return;
    ++line_;
    if (std::exchange(empty_, true) && !parser_.in_quotes()) ++skipped_;
  }

  void take_records(const Take& take) {
    for (const Values& values : parser_.take_records()) {
      const std::string text = joined_words(values);
      if (text.size() > rules_.max_bytes) refuse_length();
      if (!header_.takes(text, std::exchange(first_of_file_, false))) take(text);
    }
  }

  void end_file(const Take& take) {
    if (!parser_.finish()) refuse(record_line_, "a quote is not closed");
    take_records(take);
    line_ = 1;
    empty_ = first_of_file_ = true;
    without_mark_.begin_file();
    files_.next();
  }

  [[noreturn]] void refuse_length() const { refuse(record_line_, too_long(rules_.max_bytes)); }

  [[noreturn]] void refuse(std::uint64_t line, std::string_view why) const {
    throw std::runtime_error(fmt::format("{}, line {}: {}", files_.name(), line, why));
  }

  CsvRules rules_;
  Header header_;
  Files files_;
  WithoutMark without_mark_;
  Parser parser_;
  std::uint64_t line_ = 1;         // of the current file
  std::uint64_t record_line_ = 1;  // where the record begins
  bool empty_ = true;              // the line has been so far
  bool first_of_file_ = true;
  std::uint64_t skipped_ = 0;
};

}  // namespace

std::unique_ptr<Input> open_csv(const std::vector<std::string>& paths, const CsvRules& rules) {
  return std::make_unique<Records>(paths, rules);
}

}  // namespace divvy::ventilator
