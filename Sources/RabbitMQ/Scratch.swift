import CRabbitMQ

/// Memory for the arguments of one librabbitmq call: strings, tables, arrays.
///
/// Valid until `reset`, which keeps the memory for the next call.
final class Scratch {
    private var chunk: UnsafeMutableRawPointer
    private var capacity: Int
    private var used = 0
    /// Chunks that were too small and are still in use.
    private var old: [UnsafeMutableRawPointer] = []

    init(capacity: Int = 8_192) {
        self.capacity = capacity
        chunk = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        chunk.deallocate()
        for chunk in old { chunk.deallocate() }
    }

    func reset() {
        used = 0
        for chunk in old { chunk.deallocate() }
        old = []
    }

    private func take(_ count: Int) -> UnsafeMutableRawPointer {
        let start = (used + 15) & ~15
        if start + count > capacity {
            old.append(chunk)
            capacity = max(capacity * 2, count)
            chunk = .allocate(byteCount: capacity, alignment: 16)
            used = count
            return chunk
        }
        used = start + count
        return chunk + start
    }

    func bytes(_ text: String) -> amqp_bytes_t {
        var text = text
        return text.withUTF8 { utf8 in
            guard !utf8.isEmpty else { return amqp_bytes_t(len: 0, bytes: nil) }
            let place = take(utf8.count)
            place.copyMemory(from: utf8.baseAddress!, byteCount: utf8.count)
            return amqp_bytes_t(len: utf8.count, bytes: place)
        }
    }

    /// For plain C structs of the library, which own nothing.
    func array<Element>(of type: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
        take(MemoryLayout<Element>.stride * max(1, count)).bindMemory(to: Element.self, capacity: max(1, count))
    }
}
