/// Why a message is not a task, or a document is not a result.
///
/// Such a message is rejected and never requeued: it would only come again.
package struct MalformedMessage: Error, Sendable, Hashable, CustomStringConvertible {
    package var reason: Reason
    /// For the log: lower case, one line.
    package var description: String

    package enum Reason: Sendable, Hashable, CaseIterable {
        /// Absent, or not exactly `application/json`.
        case contentType
        /// Not UTF-8 or a subset of UTF-8.
        case contentEncoding
        /// An unsupported compression.
        case compression
        /// A `task` header without a name.
        case missingTask
        case missingID
        /// A field with an invalid value, such as an ETA that is not a time.
        case invalidField
        /// JSON, but neither a task nor another known message.
        case unknownMessage
        case bodyNotJSON
        /// JSON, but not an array of exactly three elements.
        case bodyShape
        /// The compressed data is damaged.
        case damagedCompression
        /// Larger than allowed after decompression.
        case tooLarge
        /// Not a result document.
        case notAResult

        /// The stage at which a message of protocol 2 reveals the fault.
        ///
        /// Messages of protocol 1 carry everything in the body, which is therefore read at once, so both stages coincide.
        package var stage: Stage {
            switch self {
            case .contentType, .contentEncoding, .compression, .missingTask, .missingID, .invalidField: .headers
            case .unknownMessage, .bodyNotJSON, .bodyShape, .damagedCompression, .tooLarge, .notAResult: .body
            }
        }
    }

    /// The step of reading a message that finds a fault.
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
