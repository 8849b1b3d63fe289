// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "written_files.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "error.h"

namespace fs = std::filesystem;

namespace ddrnet {
namespace {

constexpr std::size_t kNamedAtMost = 3;

fs::path normal(const fs::path& path) {
    return fs::absolute(path).lexically_normal();
}

std::string json_string(const std::string& text) {
    std::string quoted = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') {
            quoted += '\\';
            quoted += letter;
        } else if (static_cast<unsigned char>(letter) < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(letter));
            quoted += escape;
        } else {
            quoted += letter;
        }
    }
    return quoted + "\"";
}

// JSON is YAML except that letters beyond 16 bits are two escapes, \ud83d\ude00 for \U0001f600.
std::string with_yaml_escapes(const std::string& line) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
        unsigned high = 0, low = 0;
        int length = 0;
        if (line[i] == '\\' && std::sscanf(line.c_str() + i, "\\u%4x\\u%4x%n", &high, &low, &length) == 2 &&
            length == 12 && high >= 0xD800 && high < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            char escape[16];
            std::snprintf(escape, sizeof escape, "\\U%08x", 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            text += escape;
            i += 11;
        } else if (line[i] == '\\' && i + 1 < line.size()) {
            text += line.substr(i++, 2);
        } else {
            text += line[i];
        }
    }
    return text;
}

}  // namespace

WrittenFiles::WrittenFiles(const fs::path& folder) : folder_(normal(folder)), index_(folder / "written_files.jsonl") {
    read();
}

std::string WrittenFiles::name_of(const fs::path& file) const {
    return normal(file).lexically_relative(folder_).generic_string();
}

void WrittenFiles::read() {
    if (!fs::exists(index_)) {
        return;
    }
    const Bytes data = read_file(index_, "index");
    std::istringstream text(std::string(data.begin(), data.end()));
    for (std::string line; std::getline(text, line);) {
        try {
            const YAML::Node entry = YAML::Load(with_yaml_escapes(line));
            checksums_[entry["file"].as<std::string>()].insert(entry["sha256"].as<std::string>());
        } catch (const YAML::Exception&) {
            continue;  // invalid lines are ignored
        }
    }
}

bool WrittenFiles::has(const fs::path& file) const {
    const auto known = checksums_.find(name_of(file));
    std::error_code error;
    if (known == checksums_.end() || !fs::is_regular_file(fs::symlink_status(file, error))) {
        return false;
    }
    try {
        return known->second.count(sha256_of(read_file(file, "file"))) > 0;
    } catch (const UserError&) {  // unreadable files are not known to be its own
        return false;
    }
}

void WrittenFiles::refuse_foreign(const std::vector<fs::path>& files) const {
    std::string names;
    std::size_t count = 0;
    for (const fs::path& file : files) {
        std::error_code error;
        if (fs::exists(fs::symlink_status(file, error)) && !has(file) && ++count <= kNamedAtMost) {
            names += (names.empty() ? "" : ", ") + file.string();
        }
    }
    if (count > kNamedAtMost) {
        names += " and " + std::to_string(count - kNamedAtMost) + " more";
    }
    if (count > 0) {
        throw UserError(names + ": would be replaced, and by " + index_.string() +
                        " no command wrote this content; save in " + "another folder, or move it away");
    }
}

void WrittenFiles::append(const std::string& name, const std::string& checksum) {
    std::error_code error;
    fs::create_directories(folder_, error);
    std::string line = "{\"file\": " + json_string(name) + ", \"sha256\": \"" + checksum + "\"}\n";
    std::ifstream old(index_, std::ios::binary);
    if (old && old.seekg(-1, std::ios::end) && old.get() != '\n') {
        line = "\n" + line;  // after a truncated line
    }
    std::ofstream index(index_, std::ios::binary | std::ios::app);
    index << line << std::flush;
    if (!index) {
        throw UserError(index_.string() + ": cannot be written (" + (error ? error.message() : std::strerror(errno)) +
                        ")");
    }
}

void WrittenFiles::write(const fs::path& file, const Bytes& data) {
    const std::string name = name_of(file), checksum = sha256_of(data);
    if (checksums_[name].count(checksum) == 0) {
        append(name, checksum);
        checksums_[name].insert(checksum);
    }
    write_atomically(file, data);
}

}  // namespace ddrnet
