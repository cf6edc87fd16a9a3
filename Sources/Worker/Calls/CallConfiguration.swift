/// How a worker makes HTTP calls.
package struct CallConfiguration: Sendable {
    /// Calls under way at once; further ones wait.
    package var limit = 100
    /// The header User-Agent.
    package var agent = "celery"
    /// Bytes of answers that all calls may hold at once.
    package var byteLimit = 256 << 20

    package init() {}
}
