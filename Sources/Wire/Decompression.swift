import CBzip2
import CLzma
import CZlib

/// Undoes the compressions of Celery, with an upper bound on what comes out.
enum Decompression {
    /// Bytes made room for at a time.
    private static let chunk = 64 << 10

    /// Decompresses all of `bytes`.
    ///
    /// - Throws: `.damagedCompression`, or `.tooLarge` beyond `limit` bytes.
    static func plainBytes(
        of bytes: [UInt8], compression: BodyFormat.Compression, limit: Int
    ) throws(MalformedMessage) -> [UInt8] {
        switch compression {
        case .zlib: try inflate(bytes, limit: limit)
        case .bzip2: try bunzip(bytes, limit: limit)
        case .xz: try unxz(bytes, limit: limit)
        }
    }

    /// Reads a zlib stream, or a gzip file. The C function is `inflate`.
    private static func inflate(_ bytes: [UInt8], limit: Int) throws(MalformedMessage) -> [UInt8] {
        var stream = z_stream()
        // 15 is the largest window; 32 more asks to recognise zlib and gzip by their headers.
        guard inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw damaged("zlib")
        }
        defer { inflateEnd(&stream) }
        return try run(bytes, limit: limit, name: "zlib") { input, output in
            // zlib does not write to its input, it only lacks the `const`.
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.avail_in = UInt32(input.count)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(output.count)
            let status = CZlib.inflate(&stream, Z_NO_FLUSH)
            return Step(
                consumed: input.count - Int(stream.avail_in), produced: output.count - Int(stream.avail_out),
                isDone: status == Z_STREAM_END, isDamaged: status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        }
    }

    /// Reads a bzip2 stream. The C function is `BZ2_bzDecompress`.
    private static func bunzip(_ bytes: [UInt8], limit: Int) throws(MalformedMessage) -> [UInt8] {
        var stream = bz_stream()
        guard BZ2_bzDecompressInit(&stream, 0, 0) == BZ_OK else { throw damaged("bzip2") }
        defer { BZ2_bzDecompressEnd(&stream) }
        return try run(bytes, limit: limit, name: "bzip2") { input, output in
            stream.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?.assumingMemoryBound(to: CChar.self)
            stream.avail_in = UInt32(input.count)
            stream.next_out = UnsafeMutableRawPointer(output.baseAddress)?.assumingMemoryBound(to: CChar.self)
            stream.avail_out = UInt32(output.count)
            let status = BZ2_bzDecompress(&stream)
            return Step(
                consumed: input.count - Int(stream.avail_in), produced: output.count - Int(stream.avail_out),
                isDone: status == BZ_STREAM_END, isDamaged: status != BZ_OK && status != BZ_STREAM_END)
        }
    }

    /// Memory the decoder of xz may have: what its highest level needs, and a little more.
    private static let xzMemory: UInt64 = 100 << 20

    /// Reads an .xz file, into a buffer that grows until it fits.
    private static func unxz(_ bytes: [UInt8], limit: Int) throws(MalformedMessage) -> [UInt8] {
        var room = min(max(4 * bytes.count, chunk), limit)
        while true {
            var outcome = CELERY_LZMA_DAMAGED
            let output = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                outcome = celery_lzma_decode(bytes, bytes.count, buffer.baseAddress, room, &count, xzMemory)
            }
            switch outcome {
            case CELERY_LZMA_DONE: return output
            case CELERY_LZMA_FULL where room < limit: room = min(4 * room, limit)
            case CELERY_LZMA_FULL: throw MalformedMessage(.tooLarge, "the body is larger than \(limit) bytes once decompressed")
            case CELERY_LZMA_MISSING:
                throw MalformedMessage(.compression, "compression by lzma needs liblzma (liblzma5), which is not installed")
            default: throw damaged("xz")
            }
        }
    }

    /// What one call of a decompressor came to.
    private struct Step {
        var consumed: Int
        var produced: Int
        var isDone: Bool
        var isDamaged: Bool
    }

    private static func run(
        _ bytes: [UInt8], limit: Int, name: String,
        step: (UnsafeBufferPointer<UInt8>, UnsafeMutableBufferPointer<UInt8>) -> Step
    ) throws(MalformedMessage) -> [UInt8] {
        var output: [UInt8] = []
        var scratch = [UInt8](repeating: 0, count: chunk)
        var position = 0
        while true {
            let step = bytes.withUnsafeBufferPointer { all in
                let input = UnsafeBufferPointer(rebasing: all[position..<min(all.count, position + chunk)])
                return scratch.withUnsafeMutableBufferPointer { step(input, $0) }
            }
            position += step.consumed
            // One byte more than allowed is enough to know.
            guard output.count + step.produced <= limit else {
                throw MalformedMessage(.tooLarge, "the body is larger than \(limit) bytes once decompressed")
            }
            output.append(contentsOf: scratch[..<step.produced])
            if step.isDone { return output }
            // Neither reading nor writing: the stream ends too early.
            if step.isDamaged || step.consumed == 0 && step.produced == 0 { throw damaged(name) }
        }
    }

    private static func damaged(_ name: String) -> MalformedMessage {
        MalformedMessage(.damagedCompression, "the \(name) data of the body is damaged")
    }
}
