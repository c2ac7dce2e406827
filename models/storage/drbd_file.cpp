#include "models/storage/drbd_file.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace fencepost::models {
namespace {

namespace fs = std::filesystem;

struct Token {
  enum class Kind : std::uint8_t { word, open, close, end_of_statement, end_of_file } kind = Kind::word;
  std::string text;
  Where where;
};

class Tokens {
 public:
  Tokens(std::string_view text, const std::string& file) : text_(text), where_{file, 1, 1} {}

  Result<Token> next() {
    skip_blank();
    Token token{.kind = Token::Kind::end_of_file, .text = {}, .where = where_};
    if (at_end()) return token;
    switch (peek()) {
      case '{':
        return single(token, Token::Kind::open);
      case '}':
        return single(token, Token::Kind::close);
      case ';':
        return single(token, Token::Kind::end_of_statement);
      case '"':
        return quoted(token);
      default:
        return word(token);
    }
  }

 private:
  bool at_end() const { return position_ == text_.size(); }
  char peek() const { return text_[position_]; }
  char take() {
    const char c = text_[position_++];
    if (c == '\n') {
      ++where_.line;
      where_.column = 1;
    } else {
      ++where_.column;
    }
    return c;
  }

  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  void skip_blank() {
    while (!at_end()) {
      if (is_blank(peek())) {
        take();
      } else if (peek() == '#') {
        while (!at_end() && peek() != '\n') take();
      } else {
        return;
      }
    }
  }

  Token single(Token token, Token::Kind kind) {
    token.kind = kind;
    token.text = take();
    return token;
  }

  Result<Token> quoted(Token token) {
    token.kind = Token::Kind::word;
    take();
    while (!at_end() && peek() != '"' && peek() != '\n') token.text += take();
    if (at_end() || peek() == '\n') {
      return failure(token.where, "this string never ends: close it with \" on the same line");
    }
    take();
    return token;
  }

  Token word(Token token) {
    token.kind = Token::Kind::word;
    while (!at_end() && !is_blank(peek()) &&
           std::string_view("{};\"#").find(peek()) == std::string_view::npos) {
      token.text += take();
    }
    return token;
  }

  std::string_view text_;
  std::size_t position_ = 0;
  Where where_;
};

// How deep sections may lie in each other; real files need five.
constexpr int kDepthMax = 32;

Result<std::vector<DrbdStatement>> parse_body(Tokens& tokens, const DrbdStatement* section, int depth);

Result<std::optional<DrbdStatement>> parse_statement(Tokens& tokens, const DrbdStatement* section,
                                                     int depth) {
  DrbdStatement statement;
  for (;;) {
    auto token = tokens.next();
    if (!token) return tl::unexpected(token.error());
    if (statement.words.empty()) statement.where = token->where;
    switch (token->kind) {
      case Token::Kind::word:
        statement.words.push_back(std::move(token->text));
        continue;
      case Token::Kind::end_of_statement:
        if (statement.words.empty()) continue;
        return statement;
      case Token::Kind::open: {
        if (statement.words.empty()) return failure(token->where, "a section needs a name before its '{'");
        if (depth == kDepthMax) return failure(token->where, "sections lie too deep in each other");
        statement.is_section = true;
        auto body = parse_body(tokens, &statement, depth + 1);
        if (!body) return tl::unexpected(body.error());
        statement.body = std::move(*body);
        return statement;
      }
      case Token::Kind::close:
        if (!statement.words.empty()) {
          return failure(statement.where,
                         "'" + statement.words.back() + "' is not ended: put ';' before the '}'");
        }
        if (section == nullptr) return failure(token->where, "this '}' closes nothing: remove it");
        return std::nullopt;
      case Token::Kind::end_of_file:
        if (!statement.words.empty()) {
          return failure(statement.where, "the file ends within '" + statement.keyword() + "': add ';'");
        }
        if (section != nullptr) {
          return failure(section->where, "section '" + section->keyword() + "' is never closed: add '}'");
        }
        return std::nullopt;
    }
  }
}

Result<std::vector<DrbdStatement>> parse_body(Tokens& tokens, const DrbdStatement* section, int depth) {
  std::vector<DrbdStatement> body;
  for (;;) {
    auto statement = parse_statement(tokens, section, depth);
    if (!statement) return tl::unexpected(statement.error());
    if (!statement->has_value()) return body;
    if ((*statement)->keyword() == "skip") continue;  // drbd.conf(5): ignored with all it contains
    body.push_back(std::move(**statement));
  }
}

// The files that an include names, in name order. A name without wildcards must exist; a pattern may match
// nothing.
Result<std::vector<fs::path>> included_files(const DrbdStatement& include) {
  if (include.words.size() != 2 || include.is_section) {
    return failure(include.where, "write: include \"drbd.d/*.res\";");
  }
  fs::path pattern = include.words[1];
  if (pattern.is_relative()) pattern = fs::path(include.where.file).parent_path() / pattern;
  const fs::path folder = pattern.parent_path().empty() ? fs::path(".") : pattern.parent_path();
  const std::string name = pattern.filename();
  if (name.find_first_of("*?[") == std::string::npos) return std::vector<fs::path>{pattern};

  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (fnmatch(name.c_str(), entry.path().filename().c_str(), FNM_PERIOD) == 0)
      files.push_back(entry.path());
  }
  if (error)
    return failure(include.where, "cannot read the folder " + folder.string() + ": " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::string> read_text(const fs::path& path, const Where& named_at) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file || fs::is_directory(path)) {
    return failure(named_at, "cannot read " + path.string() + ": check that it exists and may be read");
  }
  return text;
}

constexpr int kIncludesMax = 16;

Result<std::vector<DrbdStatement>> read_file(const fs::path& path, const Where& named_at, int depth) {
  if (depth > kIncludesMax) return failure(named_at, "includes lie too deep: does a file include itself?");
  const auto text = read_text(path, named_at);
  if (!text) return tl::unexpected(text.error());
  auto statements = parse_drbd_statements(*text, path.string());
  if (!statements) return statements;

  std::vector<DrbdStatement> all;
  for (DrbdStatement& statement : *statements) {
    if (statement.keyword() != "include") {
      all.push_back(std::move(statement));
      continue;
    }
    const auto files = included_files(statement);
    if (!files) return tl::unexpected(files.error());
    for (const fs::path& file : *files) {
      auto included = read_file(file, statement.where, depth + 1);
      if (!included) return included;
      std::move(included->begin(), included->end(), std::back_inserter(all));
    }
  }
  return all;
}

}  // namespace

Result<std::vector<DrbdStatement>> parse_drbd_statements(std::string_view text, const std::string& file) {
  Tokens tokens(text, file);
  return parse_body(tokens, nullptr, 0);
}

Result<std::vector<DrbdStatement>> read_drbd_statements(const std::string& path) {
  return read_file(path, Where{path, 0, 0}, 0);
}

}  // namespace fencepost::models
