import Glibc
import Processes

/// Frames over a socket that never blocks: for the worker's end, where one thread
/// serves many children and none of them may hold it up.
struct FrameChannel {
    let descriptor: OwnedDescriptor
    private var incoming: [UInt8] = []
    private var outgoing: [UInt8] = []
    private var sent = 0

    init(_ descriptor: OwnedDescriptor) throws(SystemError) {
        self.descriptor = descriptor
        try descriptor.setNonBlocking()
    }

    /// Whether bytes wait for room in the socket.
    var wantsToWrite: Bool { sent < outgoing.count }

    /// Takes frames to send; `flush` sends them.
    mutating func enqueue(_ frame: [UInt8]) { outgoing.append(contentsOf: frame) }

    /// Sends as much as the socket takes now.
    ///
    /// - Returns: false when the other side is gone.
    ///
    /// The corresponding C function is `send`.
    mutating func flush() -> Bool {
        while sent < outgoing.count {
            let count = outgoing.withUnsafeBytes { buffer in
                Glibc.send(descriptor.number, buffer.baseAddress! + sent, buffer.count - sent, Int32(MSG_NOSIGNAL.rawValue))
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

    /// Reads what has come and hands over each whole frame.
    ///
    /// - Returns: false at the end, or after bytes that are no frame.
    ///
    /// The corresponding C function is `recv`.
    mutating func receive(_ handle: (Frame) -> Void) -> Bool {
        var isOpen = true
        let chunk = 1 << 16
        while isOpen {
            let start = incoming.count
            var count = 0
            incoming.append(contentsOf: repeatElement(0, count: chunk))
            incoming.withUnsafeMutableBytes { buffer in
                count = recv(descriptor.number, buffer.baseAddress! + start, chunk, 0)
            }
            let code = errno
            incoming.removeLast(chunk - max(0, count))
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
