import Glibc
import Processes

/// Frames over a non-blocking socket. The worker's end: one thread serves many children, and none may block it.
struct FrameChannel {
    let descriptor: OwnedDescriptor
    private var incoming: [UInt8] = []
    private var outgoing: [UInt8] = []
    private var sent = 0

    init(_ descriptor: OwnedDescriptor) throws(SystemError) {
        self.descriptor = descriptor
        try descriptor.setNonBlocking()
    }

    /// Whether unsent bytes remain.
    var wantsToWrite: Bool { sent < outgoing.count }

    /// Queues an encoded frame; `flush` sends it.
    mutating func enqueue(_ frame: [UInt8]) { outgoing.append(contentsOf: frame) }

    /// Sends as many bytes as the socket accepts now. The corresponding C function is `send`.
    ///
    /// - Returns: `false` when the connection is lost.
    mutating func flush() -> Bool {
        while sent < outgoing.count {
            let count = outgoing.withUnsafeBytes { buffer in
                Glibc.send(descriptor.number, buffer.baseAddress! + sent, buffer.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                return errno == EAGAIN
            }
            sent += count
        }
        outgoing.removeAll(keepingCapacity: outgoing.capacity < 1 << 20)
        sent = 0
        return true
    }

    /// Reads the available bytes and passes on each complete frame. The corresponding C function is `recv`.
    ///
    /// - Returns: `false` at the end of the stream, or after an invalid frame.
    mutating func receive(_ handle: (Frame) -> Void) -> Bool {
        var isOpen = true
        let chunk = 1 << 16
        while isOpen {
            // Zeroing the room for bytes that do not come would cost more than copying those that do.
            let (count, code) = withUnsafeTemporaryAllocation(byteCount: chunk, alignment: 1) { buffer in
                let count = recv(descriptor.number, buffer.baseAddress!, chunk, 0)
                let code = errno
                if count > 0 { incoming.append(contentsOf: buffer[..<count]) }
                return (count, code)
            }
            if count == 0 { isOpen = false }
            if count < 0 && code != EINTR {
                if code != EAGAIN { isOpen = false }
                break
            }
            if count > 0 && count < chunk { break }
        }
        return deliver(handle) && isOpen
    }

    private mutating func deliver(_ handle: (Frame) -> Void) -> Bool {
        var position = 0
        defer {
            if position == incoming.count {
                incoming.removeAll(keepingCapacity: incoming.capacity < 1 << 20)
            } else if position > 0 {
                incoming.removeFirst(position)
            }
        }
        while incoming.count - position >= Frame.headerLength {
            let length = Int(incoming.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: UInt32.self).littleEndian })
            guard length <= Frame.lengthLimit else { return false }
            let begin = position + Frame.headerLength
            guard incoming.count - begin >= length else { break }
            guard let frame = try? Frame(decoding: incoming[begin..<begin + length]) else { return false }
            position = begin + length
            handle(frame)
        }
        return true
    }
}
