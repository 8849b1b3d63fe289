// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "bytes.h"

#include <openssl/evp.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>

#include "error.h"

namespace fs = std::filesystem;

namespace ddrnet {

Bytes read_file(const fs::path& path, const std::string& kind) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
        throw UserError(path.string() + ": the " + kind + " does not exist");
    }
    std::ifstream file(path, std::ios::binary);
    Bytes data;
    if (file && !fs::is_directory(status)) {
        file.seekg(0, std::ios::end);
        data.resize(static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0)));
        file.seekg(0);
        file.read(reinterpret_cast<char*>(data.data()), static_cast<std::streamsize>(data.size()));
    }
    if (!file || fs::is_directory(status)) {
        const char* reason = fs::is_directory(status) ? "it is a folder" : std::strerror(errno);
        throw UserError(path.string() + ": the " + kind + " cannot be read (" + reason + ")");
    }
    return data;
}

std::string sha256_of(const Bytes& data) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    if (EVP_Digest(data.data(), data.size(), digest, &length, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error("libcrypto has no SHA-256");
    }
    std::string text;
    for (unsigned int i = 0; i < length; ++i) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(digest[i]));
        text += digits;
    }
    return text;
}

void write_atomically(const fs::path& path, const Bytes& data) {
    char suffix[16];
    std::snprintf(suffix, sizeof suffix, ".%08x.tmp", std::random_device{}());
    const fs::path temporary = path.parent_path() / ("." + path.filename().string() + suffix);
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (!error) {
        std::ofstream file(temporary, std::ios::binary);
        file.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
        file.close();
        if (!file) {
            error = std::error_code(errno, std::generic_category());
        } else {
            fs::rename(temporary, path, error);
        }
    }
    if (error) {
        std::error_code ignored;
        fs::remove(temporary, ignored);
        throw UserError(path.string() + ": cannot be written (" + error.message() + ")");
    }
}

}  // namespace ddrnet
