import Glibc
import Processes
import Synchronization

/// A pool child's end of the socket. Reads block; writes from several threads are serialized.
final class FrameSocket: Sendable {
    private let descriptor: OwnedDescriptor
    private let writing = Mutex(())

    init(_ descriptor: OwnedDescriptor) { self.descriptor = descriptor }

    /// Sends a frame. Errors are not thrown: if the worker is gone, `readAll` ends and the child exits.
    ///
    /// - Returns: Whether the frame was sent.
    @discardableResult
    func send(_ frame: Frame) -> Bool {
        let bytes = frame.encoded()
        return writing.withLock { _ in
            bytes.withUnsafeBytes { (try? descriptor.write($0)) != nil }
        }
    }

    /// Reads frames and calls `handle` for each, until the worker closes its end or sends an invalid frame.
    func readAll(_ handle: (Frame) -> Void) {
        var buffer: [UInt8] = []
        var start = 0
        let chunk = 1 << 16
        while true {
            while buffer.count - start >= Frame.headerLength {
                let length = Int(buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: UInt32.self).littleEndian })
                let begin = start + Frame.headerLength
                guard length <= Frame.lengthLimit else { return }
                guard buffer.count - begin >= length else { break }
                guard let frame = try? Frame(decoding: buffer[begin..<begin + length]) else { return }
                handle(frame)
                start = begin + length
            }
            if start > 0 {
                buffer.removeFirst(start)
                start = 0
            }
            // Zeroing the room for bytes that do not come would cost more than copying those that do.
            let count = withUnsafeTemporaryAllocation(byteCount: chunk, alignment: 1) { bytes in
                let count = (try? descriptor.read(into: bytes)) ?? 0
                buffer.append(contentsOf: bytes[..<count])
                return count
            }
            if count == 0 { return }
        }
    }
}
