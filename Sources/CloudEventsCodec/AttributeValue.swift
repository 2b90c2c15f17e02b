public enum AttributeValue: Sendable, Hashable { case boolean(Bool) }
