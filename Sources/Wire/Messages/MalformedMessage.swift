/// Why no task can be made of a message, or no result of a document.
///
/// Such a message is rejected and never put back: it would only come again.
package struct MalformedMessage: Error, Sendable, Hashable, CustomStringConvertible {
    package var reason: Reason
    /// For the log: lower case, one line.
    package var description: String

    package enum Reason: Sendable, Hashable, CaseIterable {
        /// Absent, or not exactly `application/json`.
        case contentType
        /// Not UTF-8, nor a part of it.
        case contentEncoding
        /// Compressed in a way we do not read.
        case compression
        /// A `task` header that names nothing.
        case missingTask
        case missingID
        /// A field whose value makes no sense, such as an ETA that is no time.
        case invalidField
        /// JSON, but neither a task nor anything else we know.
        case unknownMessage
        case bodyNotJSON
        /// JSON, but not an array of exactly three.
        case bodyShape
        /// The compressed bytes are damaged.
        case damagedCompression
        /// More bytes than allowed once decompressed.
        case tooLarge
        /// Not a result document.
        case notAResult

        /// Where a message of protocol 2 shows it.
        ///
        /// Messages of protocol 1 carry everything in the body, which is therefore
        /// read at once, and both kinds come to light together.
        package var stage: Stage {
            switch self {
            case .contentType, .contentEncoding, .compression, .missingTask, .missingID, .invalidField: .headers
            case .unknownMessage, .bodyNotJSON, .bodyShape, .damagedCompression, .tooLarge, .notAResult: .body
            }
        }
    }

    /// Which of the two steps of reading a message finds a fault.
    package enum Stage: Sendable, Hashable {
        /// `TaskMessageDecoder`, before the message is accepted.
        case headers
        /// `BodyCodec`, before the task runs.
        case body
    }

    package init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
