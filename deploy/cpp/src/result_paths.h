// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// The pictures of a path, and the paths of their label maps, as in paddleseg/utils/{picture_files,result_paths}.py.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "written_files.h"

namespace ddrnet {

struct Target {
    std::string picture;
    std::filesystem::path label;  // <save_dir>/<name below the folder of the pictures>.png
};

// The pictures of --image_path, a file or a folder, with their label maps; pictures that are earlier results are left
// out. UserError if there is none, or a label map would replace a picture.
std::vector<Target> find_targets(const std::string& image_path, const std::string& save_dir,
                                 const WrittenFiles& written);

}  // namespace ddrnet
