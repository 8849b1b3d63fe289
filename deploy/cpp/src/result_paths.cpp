// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "result_paths.h"

#include <algorithm>
#include <deque>
#include <iostream>
#include <map>
#include <set>

#include "error.h"

namespace fs = std::filesystem;

namespace ddrnet {
namespace {

const std::set<std::string> kSuffixes = {".jpg",  ".jpeg", ".jfif", ".png", ".bmp", ".tif",
                                         ".tiff", ".webp", ".ppm",  ".pgm", ".pbm", ".pnm"};

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) { return std::tolower(letter); });
    return text;
}

fs::path resolved(const fs::path& path) {
    return fs::weakly_canonical(fs::absolute(path));
}

bool is_below(const fs::path& path, const fs::path& folder) {
    const fs::path relative = path.lexically_relative(folder);
    return !relative.empty() && relative != "." && *relative.begin() != "..";
}

// Pictures in a folder and below it. Each folder is visited once, even with several or circular links.
std::vector<fs::path> pictures_below(const fs::path& root) {
    std::vector<fs::path> pictures;
    std::set<fs::path> seen;
    std::deque<fs::path> folders = {root}, links;
    while (!folders.empty() || !links.empty()) {
        std::deque<fs::path>& from = folders.empty() ? links : folders;  // a folder itself before links to it
        const fs::path folder = from.front();
        from.pop_front();
        std::error_code error;
        if (!seen.insert(resolved(folder)).second) {
            continue;
        }
        std::vector<fs::directory_entry> entries;
        for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
            entries.push_back(*entry);
        }
        if (error) {
            std::cerr << folder.string() << ": the folder cannot be read (" << error.message() << ")\n";
        }
        std::sort(entries.begin(), entries.end());
        for (const fs::directory_entry& entry : entries) {
            const std::string name = entry.path().filename().string();
            if (name[0] == '.') {  // notebook servers leave thumbnails in folders such as .ipynb_checkpoints
                continue;
            }
            if (entry.is_directory(error)) {
                (entry.is_symlink(error) ? links : folders).push_back(entry.path());
            } else if (entry.is_regular_file(error) && kSuffixes.count(lower(entry.path().extension().string())) > 0) {
                pictures.push_back(entry.path());
            }
        }
    }
    std::sort(pictures.begin(), pictures.end());
    return pictures;
}

std::vector<fs::path> without_results(std::vector<fs::path> pictures, const fs::path& root, const std::string& save_dir,
                                      const WrittenFiles& written) {
    const fs::path results = resolved(save_dir);
    const bool is_inside = is_below(results, resolved(root));
    const std::size_t before = pictures.size();
    const auto is_result = [&](const fs::path& picture) {
        return is_inside ? is_below(resolved(picture), results) : written.has(picture);
    };
    pictures.erase(std::remove_if(pictures.begin(), pictures.end(), is_result), pictures.end());
    if (pictures.empty()) {
        throw UserError("all pictures are earlier results, in " + save_dir + "; save in another folder");
    }
    if (pictures.size() < before) {
        std::cout << before - pictures.size() << " pictures left out: they are earlier results, in " << save_dir
                  << "\n";
    }
    return pictures;
}

void check_nothing_is_replaced(const std::vector<Target>& targets) {
    std::map<fs::path, std::string> pictures;
    for (const Target& target : targets) {
        pictures.emplace(resolved(target.picture), target.picture);
    }
    for (const Target& target : targets) {
        // The short name too: beside a.jpg, a.png may be its label map from an earlier run rather than a picture.
        const fs::path short_name = target.label.parent_path() / (fs::path(target.picture).stem().string() + ".png");
        for (const fs::path& path : {target.label, short_name}) {
            const auto replaced = pictures.find(resolved(path));
            if (replaced != pictures.end()) {
                throw UserError(replaced->second + ": the label map of " + target.picture +
                                " would be written there too; save in another folder");
            }
        }
    }
}

}  // namespace

std::vector<Target> find_targets(const std::string& image_path, const std::string& save_dir,
                                 const WrittenFiles& written) {
    std::vector<fs::path> pictures;
    fs::path root = image_path;
    if (fs::is_directory(root)) {
        pictures = pictures_below(root);
        if (pictures.empty()) {
            throw UserError(image_path + ": no pictures in this folder or below it");
        }
    } else if (fs::is_regular_file(root)) {
        pictures.push_back(root);
        root = root.parent_path().empty() ? fs::path(".") : root.parent_path();
    } else {
        throw UserError(image_path + ": no such file or folder; give a picture or a folder");
    }
    pictures = without_results(pictures, root, save_dir, written);
    // Pictures that differ only in the suffix keep it. In lower case, because some file systems compare so.
    std::map<std::string, int> uses;
    const auto name_of = [&](const fs::path& picture) { return picture.lexically_relative(root); };
    const auto stem_of = [&](const fs::path& picture) { return name_of(picture).replace_extension(); };
    for (const fs::path& picture : pictures) {
        ++uses[lower(stem_of(picture).string())];
        ++uses[lower(name_of(picture).string())];
    }
    std::vector<Target> targets;
    for (const fs::path& picture : pictures) {
        const fs::path name = uses[lower(stem_of(picture).string())] == 1 ? stem_of(picture) : name_of(picture);
        targets.push_back({picture.string(), fs::path(save_dir) / (name.string() + ".png")});
    }
    check_nothing_is_replaced(targets);
    return targets;
}

}  // namespace ddrnet
