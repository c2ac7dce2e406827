#include "engine/cib/digest.h"

#include <nettle/md5.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace fencepost::cib {
namespace {

bool is_wide(char c) { return static_cast<unsigned char>(c) >= 0x80; }

void append_octal(std::string& text, char c) {
  const auto byte = static_cast<unsigned char>(c);
  text += '\\';
  for (const int shift : {6, 3, 0}) text += static_cast<char>('0' + ((byte >> shift) & 7));
}

void append_escaped(std::string& text, char c) {
  switch (c) {
    case '<':
      text += "&lt;";
      break;
    case '>':
      text += "&gt;";
      break;
    case '"':
      text += "&quot;";
      break;
    case '\'':
      text += "&apos;";
      break;
    case '&':
      text += "&amp;";
      break;
    case '\t':
      text += "    ";
      break;
    case '\n':
      text += "\\n";
      break;
    case '\r':
      text += "\\r";
      break;
    default:
      if (c < ' ' || c > '~') {
        append_octal(text, c);
      } else {
        text += c;
      }
  }
}

// Pacemaker stops escaping a value at its first two adjacent bytes beyond ASCII.
void append_value(std::string& text, std::string_view value) {
  const auto is_plain = [](char c) {
    return c >= ' ' && c <= '~' && c != '<' && c != '>' && c != '"' && c != '\'' && c != '&';
  };
  if (std::ranges::all_of(value, is_plain)) {
    text += value;
    return;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i + 1 < value.size() && is_wide(value[i]) && is_wide(value[i + 1])) {
      text += value.substr(i);
      return;
    }
    append_escaped(text, value[i]);
  }
}

std::string md5(std::string_view text) {
  md5_ctx state;
  md5_init(&state);
  md5_update(&state, text.size(), reinterpret_cast<const std::uint8_t*>(text.data()));
  std::array<std::uint8_t, MD5_DIGEST_SIZE> result;
  md5_digest(&state, result.size(), result.data());
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * result.size());
  for (const std::uint8_t byte : result) {
    hex += kHex[byte >> 4];
    hex += kHex[byte & 15];
  }
  return hex;
}

}  // namespace

std::string digest(std::vector<DigestField> parameters) {
  std::ranges::sort(parameters, {}, &DigestField::name);
  std::size_t size = 32;
  for (const DigestField& one : parameters) size += one.name.size() + one.value.size() + 8;
  std::string text;
  text.reserve(size);
  text += " <parameters";
  for (const DigestField& one : parameters) {
    text.append(" ").append(one.name).append("=\"");
    append_value(text, one.value);
    text += '"';
  }
  text += "/>\n";
  return md5(text);
}

std::string digest(std::span<const Attribute> parameters) {
  std::vector<DigestField> fields;
  fields.reserve(parameters.size());
  for (const Attribute& one : parameters) fields.push_back({one.name, one.value});
  return digest(std::move(fields));
}

}  // namespace fencepost::cib
