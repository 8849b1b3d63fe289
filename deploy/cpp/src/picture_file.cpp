// Copyright 2026 The DDRNet Toolkit Authors
// SPDX-License-Identifier: Apache-2.0
#include "picture_file.h"

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "bytes.h"
#include "error.h"
#include "picture_headers.h"

namespace ddrnet {
namespace {

constexpr std::int64_t kMostPixels = std::int64_t{1} << 27;  // 134 million: 0.4 GB as RGB
// A block of 8x8 pixels takes at least one bit: a header that claims more is damaged, and OpenCV would fill gigabytes.
constexpr std::int64_t kPixelsPerJpegByte = 512;
constexpr int kMostJpegScans = 64;  // each costs a pass over the picture but few bytes; encoders write about ten

void check_header(const PictureHeader& header, std::size_t size, const std::string& path) {
    const std::string bytes = " (" + std::to_string(size) + " bytes)";
    if (size == 0) {
        throw PictureError(path + ": the picture is an empty file");
    }
    if (!header.has_end) {
        throw PictureError(path + ": the picture is truncated or damaged" + bytes + "; replace the file");
    }
    if (header.format == PictureFormat::kUnknown) {
        throw PictureError(path +
                           ": the picture is damaged or not an image file of a known format (PNG, JPEG, BMP, WebP)" +
                           bytes + "; replace or convert the file");
    }
    if (header.format == PictureFormat::kTiff || header.format == PictureFormat::kPnm || header.is_deep) {
        const char* kind = header.format == PictureFormat::kTiff ? "a TIFF file"
                           : header.is_deep                      ? "a PNG file of 16 bits"
                                                                 : "a PNM file";
        throw PictureError(path + ": the picture is " + kind +
                           ", which this program does not read; convert it to PNG of "
                           "8 bits, or use deploy/python/infer.py");
    }
    if (header.is_huffman_jpeg && header.pixels > kPixelsPerJpegByte * static_cast<std::int64_t>(size)) {
        throw PictureError(path + ": the picture is damaged: its header says " + std::to_string(header.pixels) +
                           " pixels, for which " + std::to_string(size) + " bytes are too few; replace the file");
    }
    if (header.scans > kMostJpegScans) {
        throw PictureError(path + ": the picture is a JPEG file of " + std::to_string(header.scans) +
                           " scans; at most " + std::to_string(kMostJpegScans) + " are decoded. Save it again");
    }
    if (header.pixels > kMostPixels) {
        throw PictureError(path + ": the picture has " + std::to_string(header.pixels) + " pixels by its header" +
                           bytes + ", more than the bound of " + std::to_string(kMostPixels) + "; cut it into tiles");
    }
}

cv::Mat turn(cv::Mat image, int orientation) {
    if (orientation >= 5) {
        cv::transpose(image, image);
    }
    if (orientation == 3 || orientation == 4 || orientation >= 7) {
        cv::flip(image, image, 0);
    }
    if (orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7) {
        cv::flip(image, image, 1);
    }
    return image;
}

}  // namespace

cv::Mat read_picture(const std::filesystem::path& path, int channels, bool apply_exif) {
    Bytes data;
    try {
        data = read_file(path, "picture");
    } catch (const UserError& error) {
        throw PictureError(error.what());
    }
    const PictureHeader header = read_header(data);
    check_header(header, data.size(), path.string());
    cv::Mat image;
    try {
        const int mode = channels == 1 ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR;
        image = cv::imdecode(data, mode | cv::IMREAD_IGNORE_ORIENTATION);
    } catch (const cv::Exception& error) {
        throw PictureError(path.string() + ": the picture cannot be decoded (" + one_line(error.err) + ")");
    }
    if (image.empty()) {
        throw PictureError(path.string() + ": the picture is damaged or not an image file (" +
                           std::to_string(data.size()) + " bytes); replace the file");
    }
    if (channels == 3) {
        cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
    }
    return turn(image, apply_exif ? header.orientation : 1);
}

}  // namespace ddrnet
