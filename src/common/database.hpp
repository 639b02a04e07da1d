// An SQLite database.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace divvy {

class Database;

/// One command in SQL. Its parameters are filled in by <<, one after the other; texts must live
/// until it is stepped.
class Statement {
 public:
  Statement& operator<<(std::int64_t value);
  Statement& operator<<(double value);
  Statement& operator<<(std::string_view text);

  /// Runs it until its next row, if there is one; after the last one it can be used again.
  bool step();
  /// Of the row, columns from 0 on. A text is valid until the next step.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string_view text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(const Database& database, sqlite3_stmt* statement)
      : database_(database), statement_(statement) {}

  const Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

/// Whatever goes wrong, here and with a statement, throws std::runtime_error with a line for the
/// user. Must outlive its statements.
class Database {
 public:
  enum class Access { read, write };
  /// Opens the file that is there. `what` it is, for the user: "journal".
  Database(std::string what, const std::string& path, Access access);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs commands that bring no rows.
  void execute(const char* sql) const;
  [[nodiscard]] Statement prepare(const char* sql) const;
  /// What it is and where, for the user: "journal lab.db".
  [[nodiscard]] const std::string& name() const { return name_; }
  /// How many rows the last statement has changed.
  [[nodiscard]] int changes() const;
  /// The number of the row that was inserted last into a table that numbers its rows.
  [[nodiscard]] std::int64_t last_row() const;

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* database) const;
  };
  void check(bool well) const;

  std::string name_;
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace divvy
