import CMicroHTTPD
import Synchronization

/// Answers that the same request gets again for a while: whoever polls asks for the same thing again and again.
///
/// Requests are the same when peer, method, target and all header lines are, for nothing else decides about an answer.
final class RepeatedAnswers: Sendable {
    private struct Entry {
        var outline: [UInt8]
        var answer: PreparedAnswer
        var end: ContinuousClock.Instant
    }

    /// By the hash of what they answer.
    private let entries = Mutex<[Int: Entry]>([:])
    private static let mostEntries = 1_000
    /// Bytes of the longest request, and of the longest body.
    private static let longest = 4 << 10

    /// Answers a request, within its handler.
    ///
    /// - Returns: Whether there was an answer.
    func answer(_ request: UnsafeMutableRawPointer) -> Bool {
        Self.withOutline(of: request) { outline in
            let hash = Self.hash(outline)
            let now = ContinuousClock.now
            let found = entries.withLock { entries -> PreparedAnswer? in
                guard let entry = entries[hash], entry.end > now, entry.outline.elementsEqual(outline) else { return nil }
                return entry.answer
            }
            return found?.answer(request) ?? false
        } ?? false
    }

    /// Keeps the answer to a request, within its handler, if it may be given again.
    func keep(_ response: WebResponse, for request: UnsafeMutableRawPointer) {
        let now = ContinuousClock.now
        guard let end = response.repeatsUntil, end > now, let body = response.bytes, body.count <= Self.longest else { return }
        Self.withOutline(of: request) { outline in
            guard let answer = PreparedAnswer(response.status, response.headers, body) else { return }
            let entry = Entry(outline: Array(outline), answer: answer, end: end)
            entries.withLock { entries in
                if entries.count >= Self.mostEntries { entries = entries.filter { $0.value.end > now } }
                if entries.count >= Self.mostEntries { entries.removeAll() }
                entries[Self.hash(outline)] = entry
            }
        }
    }

    /// - Returns: `nil` for a request that is too long, or has a body.
    private static func withOutline<Value>(of request: UnsafeMutableRawPointer, _ body: (UnsafeRawBufferPointer) -> Value) -> Value? {
        withUnsafeTemporaryAllocation(byteCount: longest, alignment: 16) { buffer in
            let bytes = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
            let count = celery_web_outline(request, bytes, longest)
            guard (1...longest).contains(count) else { return nil }
            return body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]))
        }
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return hasher.finalize()
    }
}

/// An answer in the form in which the library sends it.
private final class PreparedAnswer: Sendable {
    private let status: UInt32
    /// The answer's pointer. The library counts its uses.
    private let bits: UInt

    /// Fails when there is no memory.
    init?(_ status: Int, _ headers: [WebField], _ body: [UInt8]) {
        self.status = UInt32(status)
        bits = WebExchange.withFields(headers) { fields, count in
            body.withUnsafeBytes { UInt(bitPattern: celery_web_prepare(fields, count, $0.baseAddress, $0.count)) }
        }
        if bits == 0 { return nil }
    }

    deinit { if let pointer { celery_web_forget(pointer) } }

    private var pointer: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: bits) }

    func answer(_ request: UnsafeMutableRawPointer) -> Bool { pointer.map { celery_web_repeat(request, status, $0) != 0 } ?? false }
}
