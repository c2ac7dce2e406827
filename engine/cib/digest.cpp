#include "engine/cib/digest.h"

#include <nettle/md5.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
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
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  md5_update(&state, bytes.size(), bytes.data());
  std::array<std::uint8_t, MD5_DIGEST_SIZE> result;
  md5_digest(&state, result.size(), result.data());
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : result) {
    hex += kHex[byte >> 4];
    hex += kHex[byte & 15];
  }
  return hex;
}

}  // namespace

std::string digest(std::span<const Attribute> parameters) {
  std::vector<const Attribute*> sorted;
  for (const Attribute& parameter : parameters) sorted.push_back(&parameter);
  std::ranges::sort(sorted, {}, &Attribute::name);
  std::string text = " <parameters";
  for (const Attribute* parameter : sorted) {
    text.append(" ").append(parameter->name).append("=\"");
    append_value(text, parameter->value);
    text += '"';
  }
  text += "/>\n";
  return md5(text);
}

}  // namespace fencepost::cib
