import sinon from 'sinon'

sinon()
