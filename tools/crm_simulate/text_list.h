// Lists inside lists, the way Pacemaker's tools print them: a title, then items two blanks further in with a
// bullet each. The plain style drops titles, blanks and bullets.
#pragma once

#include <string>
#include <utility>

namespace fencepost::crm_simulate {

class TextList {
 public:
  explicit TextList(bool plain) : plain_(plain) {}

  void begin(const std::string& title) {
    item(plain_ ? "" : title + ":");
    ++depth_;
  }
  void end() { --depth_; }

  void item(const std::string& text) {
    if (plain_ && text.empty()) return;
    if (!plain_) text_ += std::string(2 * static_cast<std::size_t>(depth_), ' ') + (depth_ > 0 ? "* " : "");
    text_ += text + "\n";
  }
  // As it is: no blanks, no bullet.
  void line(const std::string& text) { text_ += text + "\n"; }
  void raw(const std::string& text) { text_ += text; }
  void blank_line() { raw("\n"); }

  bool plain() const { return plain_; }
  std::size_t size() const { return text_.size(); }
  std::string take() { return std::move(text_); }

 private:
  bool plain_;
  int depth_ = 0;
  std::string text_;
};

}  // namespace fencepost::crm_simulate
