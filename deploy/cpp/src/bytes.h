// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// Whole files as bytes: read, checksums, written whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ddrnet {

using Bytes = std::vector<std::uint8_t>;

// The content of a file; a UserError if it is missing or cannot be read. `kind` is its name for the user: "picture".
Bytes read_file(const std::filesystem::path& path, const std::string& kind);

// SHA-256 as 64 hexadecimal digits.
std::string sha256_of(const Bytes& data);

// Writes beside `path` and renames, so that readers find the old content or the new one. Missing folders are created.
void write_atomically(const std::filesystem::path& path, const Bytes& data);

}  // namespace ddrnet
