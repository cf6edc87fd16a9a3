import CProton
import CeleryCore

extension ProtonError {
    /// Why a message was not accepted; `nil` if it was.
    static func refusal(in event: celery_proton_event) -> ProtonError? {
        switch event.outcome {
        case UInt64(CELERY_PROTON_ACCEPTED.rawValue): return nil
        case UInt64(CELERY_PROTON_REJECTED.rawValue):
            let (condition, text) = ProtonConnection.texts(of: event)
            return ProtonError(condition: condition, text.isEmpty && condition.isEmpty ? "it rejects the message" : text)
        case UInt64(CELERY_PROTON_RELEASED.rawValue), UInt64(CELERY_PROTON_MODIFIED.rawValue):
            return ProtonError(.refused, "the server has no queue for the message, or no room")
        default: return ProtonError(.refused, "the server does not say what became of the message")
        }
    }
}
