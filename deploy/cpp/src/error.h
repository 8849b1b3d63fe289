// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// Errors that a user can act on: one line that names the file or the key, what was found and what is allowed.
#pragma once

#include <stdexcept>
#include <string>

namespace ddrnet {

class UserError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// Something is wrong with one picture: only it is skipped.
class PictureError : public UserError {
  public:
    using UserError::UserError;
};

// A wrong command line, which ends with status 2.
class UsageError : public UserError {
  public:
    using UserError::UserError;
};

// The text as one line: errors of other libraries have several.
inline std::string one_line(const std::string& text) {
    std::string line;
    for (const char letter : text) {
        const bool is_blank = letter == '\n' || letter == '\r' || letter == '\t' || letter == ' ';
        if (!is_blank) {
            line += letter;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    return line.substr(0, line.find_last_not_of(' ') + 1);
}

}  // namespace ddrnet
