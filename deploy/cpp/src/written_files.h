// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// The record of files written into a folder, so that only own results are replaced. paddleseg/utils/written_files.py
// shares the index.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bytes.h"

namespace ddrnet {

class WrittenFiles {
  public:
    explicit WrittenFiles(const std::filesystem::path& folder);  // which need not exist yet

    // Whether a file exists with a content that was written into this folder.
    bool has(const std::filesystem::path& file) const;

    // UserError if one of these files exists and is not the folder's own.
    void refuse_foreign(const std::vector<std::filesystem::path>& files) const;

    // Adds a line to the index, and then writes the file, whole or not at all.
    void write(const std::filesystem::path& file, const Bytes& data);

  private:
    std::string name_of(const std::filesystem::path& file) const;
    void read();
    void append(const std::string& name, const std::string& checksum);

    std::filesystem::path folder_, index_;
    std::map<std::string, std::set<std::string>> checksums_;
};

}  // namespace ddrnet
