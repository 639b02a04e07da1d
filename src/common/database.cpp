#include "common/database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <stdexcept>
#include <utility>

namespace divvy {
namespace {

constexpr int kPatienceMsec = 10'000;  // somebody may be looking at it

// SQLite takes names like ":memory:" and "file:x" for something else.
std::string file_named(const std::string& path) {
  return path.starts_with('/') ? path : "./" + path;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::operator<<(std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), ++bound_, value);
  return *this;
}

Statement& Statement::operator<<(double value) {
  sqlite3_bind_double(statement_.get(), ++bound_, value);
  return *this;
}

Statement& Statement::operator<<(std::string_view text) {
  const char* const begin = text.empty() ? "" : text.data();  // null would be NULL
  sqlite3_bind_text64(statement_.get(), ++bound_, begin, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  database_.check(code == SQLITE_DONE);
  sqlite3_reset(statement_.get());
  bound_ = 0;
  return false;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }

std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

Database::Database(std::string what, const std::string& path, Access access)
    : name_(std::move(what) + " " + path) {
  // Without locks against other threads, for there are none.
  const int flags = SQLITE_OPEN_NOMUTEX |
                    (access == Access::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(file_named(path).c_str(), &database, flags, nullptr);
  database_.reset(database);  // there is one even if it could not be opened
  check(code == SQLITE_OK);
  sqlite3_busy_timeout(database, kPatienceMsec);
}

void Database::execute(const char* sql) const {
  check(sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK);
}

Statement Database::prepare(const char* sql) const {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr) == SQLITE_OK);
  return {*this, statement};
}

std::int64_t Database::last_row() const { return sqlite3_last_insert_rowid(database_.get()); }

int Database::changes() const { return sqlite3_changes(database_.get()); }

void Database::check(bool well) const {
  if (well) return;
  throw std::runtime_error(fmt::format("{}: {}", name_, sqlite3_errmsg(database_.get())));
}

}  // namespace divvy
