// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
// A mapping of a YAML file, whose values are read with messages that name their place.
#pragma once

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "error.h"

namespace ddrnet {

class Section {
  public:
    // `place` is its place: "export/deploy.yaml: Deploy.graphs.stride8".
    Section(YAML::Node node, std::string place) : node_(std::move(node)), place_(std::move(place)) {
        if (!node_.IsMap()) {
            throw UserError(place_ + " must be a mapping");
        }
    }

    const std::string& place() const { return place_; }

    // Whether there is a value; null does not count.
    bool has(const std::string& key) const {
        const YAML::Node value = node_[key];
        return value.IsDefined() && !value.IsNull();
    }

    YAML::Node node(const std::string& key) const { return node_[key]; }

    void refuse_other_keys(const std::vector<std::string>& known) const {
        for (const auto& entry : node_) {
            const std::string key = entry.first.Scalar();
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                std::string names;
                for (const std::string& name : known) {
                    names += (names.empty() ? "" : ", ") + name;
                }
                throw UserError(place_ + "." + key + ": there is no such key; known: " + names);
            }
        }
    }

    // The value of a required key; `what` says what it must be: "a whole number".
    template <typename T>
    T get(const std::string& key, const std::string& what) const {
        if (!has(key)) {
            throw UserError(place_ + "." + key + " is missing; it must be " + what);
        }
        try {
            return node_[key].as<T>();
        } catch (const YAML::Exception&) {
            throw wrong(key, what);
        }
    }

    template <typename T>
    std::optional<T> find(const std::string& key, const std::string& what) const {
        return has(key) ? std::optional<T>(get<T>(key, what)) : std::nullopt;
    }

    // One of some words.
    std::string choice(const std::string& key, const std::string& otherwise,
                       const std::vector<std::string>& allowed) const {
        std::string names;
        for (const std::string& name : allowed) {
            names += (names.empty() ? "one of " : ", ") + name;
        }
        const std::string value = find<std::string>(key, names).value_or(otherwise);
        if (has(key) && std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
            throw wrong(key, names);
        }
        return value;
    }

    UserError wrong(const std::string& key, const std::string& what) const {
        const YAML::Node value = YAML::Clone(node_[key]);
        write_in_one_line(value);
        YAML::Emitter found;
        found << value;
        return UserError(one_line(place_ + "." + key + " is " + found.c_str() + "; it must be " + what));
    }

  private:
    static void write_in_one_line(YAML::Node node) {
        node.SetStyle(YAML::EmitterStyle::Flow);
        for (const auto& child : node) {
            write_in_one_line(node.IsMap() ? child.second : child);
        }
    }

    YAML::Node node_;
    std::string place_;
};

}  // namespace ddrnet
