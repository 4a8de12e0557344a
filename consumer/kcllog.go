package consumer

import (
	"io"
	"sync"

	"github.com/rs/zerolog"
	"github.com/sirupsen/logrus"
	"github.com/vmware/vmware-go-kcl-v2/logger"
)

// kclLog brings the KCL library's log lines into ours. They are at debug level whatever the library thinks
// of them: an ended consumer is an error to it and daily life to us, and what matters we log ourselves.
type kclLog struct{ log zerolog.Logger }

var _ logger.Logger = kclLog{}

func (k kclLog) Debugf(format string, args ...any) { k.log.Trace().Msgf(format, args...) }
func (k kclLog) Infof(format string, args ...any)  { k.log.Debug().Msgf(format, args...) }
func (k kclLog) Warnf(format string, args ...any)  { k.log.Debug().Msgf(format, args...) }
func (k kclLog) Errorf(format string, args ...any) { k.log.Debug().Msgf(format, args...) }
func (k kclLog) Fatalf(format string, args ...any) { k.log.Error().Msgf(format, args...) }
func (k kclLog) Panicf(format string, args ...any) { k.log.Error().Msgf(format, args...) }

func (k kclLog) WithFields(fields logger.Fields) logger.Logger {
	return kclLog{k.log.With().Fields(map[string]any(fields)).Logger()}
}

// silenceLogrus: the library's lease renewal writes to logrus' standard logger instead of the one given.
var silenceLogrus = sync.OnceFunc(func() { logrus.SetOutput(io.Discard) })
