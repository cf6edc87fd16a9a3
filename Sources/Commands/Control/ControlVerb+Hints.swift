import CeleryCore

extension ControlVerb {
    /// Why every worker's list may be empty although messages wait; `nil` if nothing needs to be said.
    func hintIfEmpty(at broker: any Broker) -> String? {
        switch name {
        case "reserved":
            return "a worker takes a message only when it can soon start it; celery queues counts those that wait at the broker"
        case "scheduled" where !(broker is any MessageLocating):
            return "messages due in more than a minute wait in the delay queues of \(broker.location), which cannot be listed"
        default: return nil
        }
    }
}
