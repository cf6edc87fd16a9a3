import CCurl

/// Requests under way at once, by numbers that the caller gives them. For one thread.
///
/// Connections are kept for further requests to the same host. Does not follow redirects.
///
/// The corresponding C type is `CURLM`.
package final class HTTPTransfers {
    private let multi: UnsafeMutableRawPointer
    private let budget: UnsafeMutablePointer<celery_curl_budget>
    private var handles: [Int64: CurlHandle] = [:]
    private var numbers: [UnsafeMutableRawPointer: Int64] = [:]
    /// Handles to use again: a new one costs more than a request.
    private var spare: [CurlHandle] = []
    private let most: Int

    /// - Parameters:
    ///   - most: How many requests are expected at once; as many connections and handles are kept.
    ///   - byteLimit: Bytes that all requests may have received together; one that would exceed it fails as too long.
    /// - Throws: `HTTPError.Code.noLibrary`; `unreachable` when there is no memory or descriptor.
    package init(most: Int, byteLimit: Int) throws(HTTPError) {
        guard celery_curl_load() == 0 else { throw .noLibrary }
        guard let multi = celery_curl_multi_open(most) else { throw HTTPError(.unreachable, "libcurl cannot have several requests under way: out of memory or open files") }
        self.multi = multi
        self.most = most
        budget = .allocate(capacity: 1)
        budget.initialize(to: celery_curl_budget(count: 0, limit: byteLimit))
    }

    deinit {
        for handle in handles.values { celery_curl_multi_remove(multi, handle.pointer) }
        celery_curl_multi_close(multi)
        // Their answers count in the budget until they are freed.
        handles = [:]
        spare = []
        budget.deallocate()
    }

    package var count: Int { handles.count }

    /// Begins a request. Never blocks.
    ///
    /// - Parameter number: Unused by other requests under way.
    /// - Throws: `HTTPError` for a request that cannot be sent.
    package func begin(_ request: HTTPRequest, number: Int64) throws(HTTPError) {
        let handle = if let handle = spare.popLast() { handle } else { try CurlHandle() }
        try handle.prepare(request, budget: budget)
        let code = celery_curl_multi_add(multi, handle.pointer)
        guard code == 0 else { throw HTTPError(.unreachable, "libcurl takes no more requests (\(code))") }
        handles[number] = handle
        numbers[handle.pointer] = number
    }

    /// Ends a request; its answer is not wanted any more. The connection is closed, unless it carries other requests.
    package func cancel(_ number: Int64) {
        if let handle = remove(number) { putAside(handle) }
    }

    /// Waits for something to do: on a connection, at `descriptor`, or when the time is up. Blocks.
    ///
    /// - Parameters:
    ///   - timeout: `nil` waits as long as libcurl wants, which may wake earlier by itself.
    ///   - descriptor: Wakes when it is readable.
    package func wait(upTo timeout: Duration?, orUntilReadable descriptor: Int32) {
        let (seconds, rest) = (timeout ?? .seconds(60)).components
        // Rounded up: whoever wakes too early waits again and again.
        let milliseconds = max(0, min(seconds, 60)) * 1000 + (rest + 999_999_999_999_999) / 1_000_000_000_000_000
        _ = celery_curl_multi_wait(multi, descriptor, Int32(max(0, milliseconds)))
    }

    /// Sends and receives what is possible, and returns the requests that have ended. Never blocks.
    package func run() -> [(number: Int64, answer: Result<HTTPAnswer, HTTPError>)] {
        _ = celery_curl_multi_run(multi)
        var ended: [(Int64, Result<HTTPAnswer, HTTPError>)] = []
        var code: Int32 = 0
        while let pointer = celery_curl_multi_next(multi, &code) {
            guard let number = numbers[pointer], let handle = handles[number] else { continue }
            let code = code
            ended.append((number, Result { () throws(HTTPError) in try handle.answer(code) }))
            _ = remove(number)
            putAside(handle)
        }
        return ended
    }

    private func remove(_ number: Int64) -> CurlHandle? {
        guard let handle = handles.removeValue(forKey: number) else { return nil }
        numbers[handle.pointer] = nil
        celery_curl_multi_remove(multi, handle.pointer)
        return handle
    }

    private func putAside(_ handle: CurlHandle) {
        handle.clear()
        if spare.count < most { spare.append(handle) }
    }
}
