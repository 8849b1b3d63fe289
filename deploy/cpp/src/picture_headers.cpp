// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "picture_headers.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace ddrnet {
namespace {

using View = std::basic_string_view<std::uint8_t>;

constexpr int kJpegStart = 0xD8, kJpegScan = 0xDA, kJpegEnd = 0xD9, kJpegApp1 = 0xE1;

std::int64_t big(View data, std::size_t place, int bytes) {
    std::int64_t value = 0;
    for (int i = 0; i < bytes; ++i) {
        value = value << 8 | (place + i < data.size() ? data[place + i] : 0);
    }
    return value;
}

std::int64_t little(View data, std::size_t place, int bytes) {
    std::int64_t value = 0;
    for (int i = bytes - 1; i >= 0; --i) {
        value = value << 8 | (place + i < data.size() ? data[place + i] : 0);
    }
    return value;
}

bool begins(View data, std::string_view text, std::size_t place = 0) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (place + i >= data.size() || data[place + i] != static_cast<std::uint8_t>(text[i])) {
            return false;
        }
    }
    return true;
}

PictureFormat format_of(View data) {
    using namespace std::string_view_literals;
    if (begins(data, "\x89PNG\r\n\x1a\n"sv)) {
        return PictureFormat::kPng;
    }
    if (begins(data, "\xff\xd8\xff"sv)) {
        return PictureFormat::kJpeg;
    }
    if (begins(data, "BM"sv)) {
        return PictureFormat::kBmp;
    }
    if (begins(data, "RIFF"sv) && begins(data, "WEBP"sv, 8)) {
        return PictureFormat::kWebp;
    }
    if (begins(data, "II*\0"sv) || begins(data, "MM\0*"sv) || begins(data, "II+\0"sv) || begins(data, "MM\0+"sv)) {
        return PictureFormat::kTiff;
    }
    const bool is_pnm = data.size() > 2 && data[0] == 'P' && data[1] >= '1' && data[1] <= '6';
    return is_pnm ? PictureFormat::kPnm : PictureFormat::kUnknown;
}

// The orientation in the first directory of EXIF data, a small TIFF file (EXIF 2.32, 4.5.2).
int orientation_of(View exif) {
    constexpr int kOrientation = 274, kShort = 3, kLong = 4;
    if (begins(exif, std::string_view("Exif\0\0", 6))) {  // many WebP files have JPEG's prefix, too
        exif.remove_prefix(6);
    }
    const bool is_little = begins(exif, std::string_view("II*\0", 4));
    if (!is_little && !begins(exif, std::string_view("MM\0*", 4))) {
        return 1;
    }
    const auto number = [&](std::size_t place, int bytes) {
        return is_little ? little(exif, place, bytes) : big(exif, place, bytes);
    };
    const std::size_t directory = static_cast<std::size_t>(number(4, 4));
    const std::int64_t entries = number(directory, 2);
    for (std::int64_t i = 0; i < entries; ++i) {
        const std::size_t entry = directory + 2 + 12 * static_cast<std::size_t>(i);
        if (entry + 12 > exif.size()) {
            break;
        }
        const std::int64_t kind = number(entry + 2, 2);
        if (number(entry, 2) == kOrientation && (kind == kShort || kind == kLong)) {
            const std::int64_t value = number(entry + 8, kind == kShort ? 2 : 4);
            return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
        }
    }
    return 1;
}

View part(View data, std::size_t start, std::size_t end) {
    return start < data.size() && start < end ? data.substr(start, end - start) : View();
}

// Chunk by chunk: length (4 bytes), kind (4), content, checksum (4).
void read_png(View data, PictureHeader& header) {
    constexpr std::size_t kBitDepth = 24;  // the IHDR chunk always comes first
    header.is_deep = big(data, kBitDepth, 1) == 16;
    header.pixels = big(data, 16, 4) * big(data, 20, 4);
    header.has_end = false;
    bool has_exif = false;
    for (std::size_t place = 8; place < data.size();) {
        const std::size_t end = place + 8 + static_cast<std::size_t>(big(data, place, 4));
        if (begins(data, "eXIf", place + 4) && !has_exif) {
            has_exif = true;
            header.orientation = orientation_of(part(data, place + 8, end));
        }
        // The end mark with its checksum.
        header.has_end = header.has_end || (begins(data, "IEND", place + 4) && begins(data, "\xae\x42\x60\x82", end));
        place = end + 4;
    }
}

bool is_frame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

bool has_no_content(int marker) {
    return marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8);
}

// After a scan's header: the next marker other than restarts, stuffed zeros and fill bytes (ITU-T T.81, B.1.1).
std::size_t end_of_scan(View data, std::size_t place) {
    for (; place + 1 < data.size(); ++place) {
        const int next = data[place + 1];
        if (data[place] == 0xFF && next != 0x00 && next != 0xFF && (next < 0xD0 || next > 0xD7)) {
            return place;
        }
    }
    return data.size();
}

// Marker by marker to the end of the picture, whatever follows it; thumbnails are in segments.
void read_jpeg(View data, PictureHeader& header) {
    header.has_end = false;
    bool is_before_scan = true, has_exif = false, has_frame = false;
    for (std::size_t place = 2; place + 1 < data.size();) {
        const int marker = data[place + 1];
        if (data[place] != 0xFF || marker == 0xFF) {  // fill bytes
            ++place;
            continue;
        }
        if (marker == kJpegEnd) {
            header.has_end = true;
            return;
        }
        if (marker == kJpegStart && !is_before_scan) {  // another picture: this one is cut off
            return;
        }
        if (has_no_content(marker)) {
            place += 2;
            continue;
        }
        const std::size_t start = place + 4;
        place += 2 + static_cast<std::size_t>(std::max<std::int64_t>(big(data, place + 2, 2), 2));  // counts itself
        if (marker == kJpegScan) {
            is_before_scan = false;
            ++header.scans;
            place = end_of_scan(data, place);
        } else if (is_before_scan && marker == kJpegApp1 && !has_exif &&
                   begins(data, std::string_view("Exif\0\0", 6), start)) {
            has_exif = true;  // XMP has the same marker
            header.orientation = orientation_of(part(data, start, place));
        } else if (is_before_scan && is_frame(marker) && !has_frame) {  // precision (1 byte), height (2), width (2)
            has_frame = true;
            header.is_huffman_jpeg = marker <= 0xC2;
            header.pixels = big(data, start + 1, 2) * big(data, start + 3, 2);
        }
    }
}

// Width times height in a chunk (RFC 9649; RFC 6386, 9.1).
std::int64_t webp_pixels(View data, std::size_t place) {
    const std::size_t content = place + 8;
    if (begins(data, "VP8X", place)) {
        return (little(data, content + 4, 3) + 1) * (little(data, content + 7, 3) + 1);
    }
    if (begins(data, "VP8L", place)) {
        const std::int64_t bits = little(data, content + 1, 4);
        return ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1);
    }
    if (begins(data, "VP8 ", place)) {
        return (little(data, content + 6, 2) & 0x3FFF) * (little(data, content + 8, 2) & 0x3FFF);
    }
    return 0;
}

// Kind (4 bytes), length (4), content, and one more byte if its length is odd.
void read_webp(View data, PictureHeader& header) {
    bool has_exif = false;
    for (std::size_t place = 12; place < data.size();) {
        const std::size_t end = place + 8 + static_cast<std::size_t>(little(data, place + 4, 4));
        header.pixels = std::max(header.pixels, webp_pixels(data, place));
        if (begins(data, "EXIF", place) && !has_exif) {
            has_exif = true;
            header.orientation = orientation_of(part(data, place + 8, end));
        }
        place = end + end % 2;
    }
}

// Sides of 16 bits in the header of OS/2, else of 32 bits with a sign: a negative height means rows from the top.
void read_bmp(View data, PictureHeader& header) {
    const bool is_short = little(data, 14, 4) == 12;
    const auto side = [&](std::size_t place) {
        return is_short ? little(data, place, 2)
                        : std::abs(std::int64_t{static_cast<std::int32_t>(little(data, place, 4))});
    };
    header.pixels = side(18) * side(is_short ? 20 : 22);
}

}  // namespace

PictureHeader read_header(const Bytes& data) {
    const View view(data.data(), data.size());
    PictureHeader header;
    header.format = format_of(view);
    if (header.format == PictureFormat::kPng) {
        read_png(view, header);
    } else if (header.format == PictureFormat::kJpeg) {
        read_jpeg(view, header);
    } else if (header.format == PictureFormat::kWebp) {
        read_webp(view, header);
    } else if (header.format == PictureFormat::kBmp) {
        read_bmp(view, header);
    }
    return header;
}

}  // namespace ddrnet
